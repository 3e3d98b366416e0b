"""Processes of clients and filter units on the page of a run."""

from __future__ import annotations

import re
import time

from flask.testing import FlaskClient

from app.core.settings import Settings
from tests.diary.test_pages import words
from tests.transfers.samples import RUN, bu_state, file_record, fu_state, process, receive, report
from tests.transfers.test_pages import PAGE, rows_of
from tests.transfers.test_problem_list import silence


def stages(client: FlaskClient) -> str:
    return words(client.get(PAGE).text.partition('<div class="stages"')[2].partition("</div>")[0])


def test_a_client_that_hangs_is_told_from_one_whose_process_is_gone(hub: Settings, client: FlaskClient) -> None:
    now = time.time()
    old = now - 200
    both = process(4711, tag="A", snapshot=old), process(4712, tag="B", snapshot=old)
    receive(hub, report(file_record(1, "A", at=old), file_record(2, "B", at=old), now=old, state=fu_state(clients=both)), old)
    receive(hub, report(now=now, state=fu_state(clients=both[:1])), now)
    hangs, gone = rows_of(client, PAGE, "clients")
    assert re.match(r"A process 4711 for \d+ \w+ fu-1 missing", hangs), hangs
    assert re.match(r"B no process any more fu-1 missing", gone), gone
    silence("fu-1")
    assert "process" not in " ".join(rows_of(client, PAGE, "clients")), "not known any more"


def test_a_client_shows_how_often_it_was_started_again(hub: Settings, client: FlaskClient) -> None:
    now = time.time()
    for attempt in range(4):
        again = process(attempt + 1, tag="A", snapshot=now, restarted=attempt > 0)
        receive(hub, report(now=now + attempt, state=fu_state(clients=(again,))), now + attempt)
    assert re.match(r"A restarted 3 times process 4 for", rows_of(client, PAGE, "clients")[0])


def test_a_filter_unit_that_is_active_and_does_not_report_is_marked(hub: Settings, client: FlaskClient) -> None:
    now = time.time()
    receive(hub, report(now=now, state=fu_state()), now)
    receive(hub, report(host="fu-2", now=now, state=fu_state()), now)
    state = bu_state() | {"runs": [{"run": RUN, "state": "ongoing", "waiting_for": ["fu-1", "fu-2", "fu-ghost"]}]}
    receive(hub, report(mode="bu", now=now, state=state), now)
    silence("fu-2")
    assert "active on fu-2 silent , fu-ghost does not report , fu-1" in stages(client)
    html = client.get(PAGE).text
    assert 'href="/transfers/hosts/fu-2"' in html
    assert 'href="/transfers/hosts/fu-ghost"' not in html, "it has no page"


def test_many_filter_units_that_are_active_are_counted(hub: Settings, client: FlaskClient) -> None:
    now = time.time()
    names = [f"fu-{number:02}" for number in range(40)]
    for name in names:
        receive(hub, report(host=name, now=now, state=fu_state()), now)
    state = bu_state() | {"runs": [{"run": RUN, "state": "ongoing", "waiting_for": names}]}
    receive(hub, report(mode="bu", now=now, state=state), now)
    assert "and 34 more" in stages(client)
