"""The problems at the top of the pages of transfers."""

from __future__ import annotations

import re
import time
from urllib.parse import urlsplit

from flask.testing import FlaskClient

from app.core.settings import Settings
from app.transfers import kinds
from app.transfers.models import TransferHost
from app.transfers.pages.problems import ACTIONS
from tests.diary.test_pages import text, words
from tests.transfers.samples import RUN, bu_state, cleanup_state, file_record, fu_state, merge_record, process, receive, report
from tests.transfers.test_pages import PAGE, rows_of


def problems(client: FlaskClient, address: str) -> list[str]:
    section = client.get(address).text.partition('aria-labelledby="problems-title"')[2].partition("</section>")[0]
    return [words(item).strip() for item in section.split("<li>")[1:]]


def silence(host: str, seconds: float = 77) -> None:
    TransferHost.update(seen=TransferHost.seen - seconds).where(TransferHost.host == host).execute()


def report_run(hub: Settings, now: float) -> None:
    """A filter unit with one client that writes, and a builder unit whose disk is full."""
    receive(hub, report(file_record(1, at=now), now=now, state=fu_state(clients=(process(7, snapshot=now - 4),))), now)
    receive(hub, report(mode="bu", now=now, state=bu_state(disks={"/fff/output": 0.95})), now)


def test_a_silent_process_is_the_first_problem_of_the_list_and_of_its_run(hub: Settings, client: FlaskClient) -> None:
    report_run(hub, time.time())
    assert problems(client, PAGE) == []
    silence("bu-1")
    for address in ("/transfers", PAGE):
        first, *rest = problems(client, address)
        assert re.match(r"silent builder unit bu-1 : it does not report: concatenations, merges .* bu-1 , since ", first), first
        assert [each.partition(" /fff")[0] for each in rest] == ["disk above mark"] * (address != PAGE)
    silence("fu-1")
    assert len(rows_of(client, "/transfers", "hosts")) == 2


def test_processes_that_are_silent_at_once_are_one_line(hub: Settings, client: FlaskClient) -> None:
    now = time.time()
    for number in range(40):
        receive(hub, report(host=f"fu-{number:02}", now=now, state=fu_state()), now)
        silence(f"fu-{number:02}")
    (line,) = problems(client, "/transfers")
    assert line.startswith("silent filter unit fu-00, filter unit fu-01,")
    assert "and 28 more: it does not report: whether files are sent is not known since" in line


def test_silent_processes_and_those_with_trouble_come_first_and_many_good_ones_are_folded(hub: Settings, client: FlaskClient) -> None:
    now = time.time()
    for number in range(40):
        clock = now + 90 if number == 7 else now
        receive(hub, report(host=f"fu-{number:02}", now=clock, state=fu_state()), now)
    silence("fu-33")
    assert [row.split()[0] for row in rows_of(client, "/transfers", "hosts")] == ["fu-33", "fu-07"]
    assert "38 processes that report without trouble" in text(client, "/transfers")


def test_each_kind_of_problem_says_what_to_do_once_and_leads_to_the_help_on_it(hub: Settings, client: FlaskClient) -> None:
    now = time.time()
    report_run(hub, now)
    receive(hub, report(mode="cleanup", host="gui-1", now=now, state=cleanup_state(disk=0.95)), now)
    first, second = problems(client, "/transfers")
    assert "Make room" in first
    assert "Make room" not in second
    (address,) = set(re.findall(r'href="([^"]+)">More help', client.get("/transfers").text))
    place = urlsplit(address)
    (row,) = re.findall(rf'<tr id="{place.fragment}">.*?</tr>', client.get(place.path).text, re.DOTALL)
    assert "disk above mark" in words(row)
    assert "Make room" in words(row)


def test_there_is_something_to_do_about_every_kind_of_problem() -> None:
    assert set(ACTIONS) == set(kinds.PROBLEM_KINDS)
    assert all(text.endswith(".") for text in ACTIONS.values())


def test_problems_of_runs_that_are_over_are_folded_but_those_of_the_newest_run(hub: Settings, client: FlaskClient) -> None:
    now = time.time()
    failed = merge_record(1, RUN, at=now, accepted=False, error="hadd ended with 1", name="")
    receive(hub, report(failed, mode="bu", now=now, state=bu_state("over")), now)
    assert len(problems(client, "/transfers")) == 1
    receive(hub, report(mode="bu", now=now, state=bu_state("ongoing", run=RUN + 1)), now)
    assert problems(client, "/transfers") == []
    assert "1 problem of runs that are over" in text(client, "/transfers")
    assert "hadd ended with 1" in text(client, "/transfers")


def test_a_clean_up_that_fails_says_why(hub: Settings, client: FlaskClient) -> None:
    now, reason = time.time(), "[Errno 13] Permission denied: '/g'"
    receive(hub, report(mode="cleanup", host="gui-1", now=now, state=cleanup_state(error=reason)), now)
    assert f"gui-1 clean-up fails {reason}" in rows_of(client, "/transfers", "hosts")[0]
    assert f"fails {reason}" in rows_of(client, "/transfers", "cleanup")[0]


def test_clients_that_have_written_nothing_count_in_the_list(hub: Settings, client: FlaskClient) -> None:
    now = time.time()
    starting = [process(n, tag="", client=f"client{n}_cfg.py", snapshot=0.0) for n in range(11)]
    wrote = process(20, snapshot=now - 4), process(21, snapshot=now - 2, restarted=True)
    receive(hub, report(file_record(1, at=now), now=now, state=fu_state(clients=(*starting, *wrote))), now)
    assert f"{RUN} ongoing 1 of 12 on 1 host" in rows_of(client, "/transfers", "runs")[0]


def test_a_gui_machine_that_refuses_all_files_is_not_shown_as_reachable(hub: Settings, client: FlaskClient) -> None:
    now = time.time()
    refusing = {"name": "gui-1", "reachable": True, "since": now - 900, "failing": now - 600, "error": "answered 401", "waiting": 1}
    receive(hub, report(mode="bu", now=now, state=bu_state(gui_machines=[refusing])), now)
    (row,) = rows_of(client, "/transfers", "gui")
    assert re.match(r"gui-1 gets no files .* answered 401$", row), row
    assert "gui-1 gets no files" in text(client, "/transfers/hosts/bu-1")
    assert re.match(r"GUI machine gets no files gui-1 : answered 401 .*401 and 403 are about the token", problems(client, "/transfers")[0])
