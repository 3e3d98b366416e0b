"""Processes that do not report any more: what is said of them, of their runs, and when nobody is to blame but the hub."""

from __future__ import annotations

import time

import pytest

from app.core.heartbeat import Service
from app.core.settings import Settings
from app.transfers import runs
from app.transfers.event_source import TransferEvents
from app.transfers.hosts import hosts
from app.transfers.models import TransferHost
from app.transfers.status import status_lines
from tests.transfers.samples import RUN, bu_state, cleanup_state, fu_state, receive, report
from tests.transfers.test_problems import lasting

pytestmark = pytest.mark.both_databases

DAY_S = 86400.0


def web(started: float, seen: float, process: int) -> None:
    """A process of the web server of the hub."""
    Service.create(name="web", host="hub", process=process, version="1", started=started, seen=seen)


def silence(seconds: float, *names: str) -> None:
    """Let these hosts, or all, have reported last so many seconds ago."""
    update = TransferHost.update(seen=time.time() - seconds)
    (update.where(TransferHost.host.in_(names)) if names else update).execute()


def silent_events() -> list[str]:
    """The titles of the events of silence of the last days."""
    now = time.time()
    return [event.title for event in TransferEvents().find("transfers", now - 9 * DAY_S, now, ["transfer-silent"])]


def test_after_an_outage_of_the_hub_each_process_has_the_whole_time_to_report_again(hub: Settings) -> None:
    now = time.time()
    receive(hub, report(now=now, state=fu_state()), now)
    silence(400)
    web(now - 9999, now - 390, 1)  # it ended 390 s ago, and began anew 20 s ago
    web(now - 20, now, 2)
    assert (silent_events(), [host.is_silent for host in hosts(60)], runs.run(RUN).state) == ([], [False], "ongoing")
    Service.update(started=now - 100).where(Service.process == 2).execute()
    assert len(silent_events()) == 1
    assert [host.is_silent for host in hosts(60)] == [True]


def test_an_outage_of_the_hub_does_not_make_a_process_silent_anew(hub: Settings) -> None:
    now = time.time()
    receive(hub, report(now=now), now)
    silence(4000)
    web(now - 9999, now - 390, 1)
    web(now - 20, now, 2)
    (event,) = TransferEvents().find("transfers", now - DAY_S, now, ["transfer-silent"])
    assert event.at == pytest.approx(now - 4000 + 60, abs=31)


def test_processes_that_become_silent_together_are_one_event_that_is_open_until_all_report(hub: Settings) -> None:
    now, source = time.time(), TransferEvents()
    for number in range(40):
        receive(hub, report(now=now, host=f"fu-{number}"), now)
    together = now // 30 * 30 - 60  # the begin of 30 s that have passed
    TransferHost.update(seen=together - 60 + 3).execute()
    (event,) = source.find("transfers", now - DAY_S, now)
    assert event.title == "40 processes of the transfer are silent"
    assert event.text.startswith("filter unit fu-0, filter unit fu-1, ")
    assert (source.path(event), source.subject(event).host) == ("/transfers", "")
    for number in range(39):
        receive(hub, report(now=now, host=f"fu-{number}"), now)
        assert source.is_open(event)
    assert [each.id for each in source.find("transfers", now - DAY_S, now)] == [event.id], "it is not notified again"
    receive(hub, report(now=now, host="fu-39"), now)
    assert not source.is_open(event)


def test_silent_processes_are_the_first_problems_until_they_are_out_of_service(hub: Settings) -> None:
    now = time.time()
    receive(hub, report(now=now, state=fu_state(disks={"/a": 0.95})), now)
    receive(hub, report(now=now, mode="bu"), now)
    silence(100)
    found = [(each.kind, each.host, each.origin) for each in runs.lasting_problems([0, RUN])]
    assert found == [("silent", "bu-1", "bu"), ("silent", "fu-1", "fu"), ("disk-full", "fu-1", "fu")]
    assert [(each.kind, each.host) for each in runs.run(RUN).problems] == [("silent", "bu-1"), ("silent", "fu-1")]
    assert runs.lasting_problems([RUN]) == []
    silence(8 * DAY_S)
    assert [each.kind for each in runs.lasting_problems([0])] == ["disk-full"]


def test_a_run_whose_hosts_are_all_silent_is_not_ongoing(hub: Settings) -> None:
    now = time.time()
    receive(hub, report(now=now, state=fu_state()), now)
    receive(hub, report(now=now, mode="bu", state=bu_state()), now)
    silence(100, "bu-1")
    assert runs.run(RUN).state == runs.runs()[0].state == "ongoing", "the filter unit says so"
    silence(100)
    assert runs.run(RUN).state == runs.runs()[0].state == ""
    assert [host.is_silent for host in runs.run(RUN).hosts] == [True, True]
    receive(hub, report(now=now, mode="bu", state=bu_state("merged")), now)
    silence(100)
    assert runs.run(RUN).state == "merged", "that does not change any more"


def test_a_filter_unit_without_transfer_that_a_run_waits_for_is_a_problem(hub: Settings) -> None:
    now = time.time()
    ongoing = {"run": RUN, "state": "ongoing", "waiting_for": ["fu-1", "fu-ghost"]}
    receive(hub, report(now=now, state=fu_state()), now)
    receive(hub, report(now=now, mode="bu", state=bu_state(runs=[ongoing])), now)
    assert [(each.kind, each.host, each.origin) for each in runs.run(RUN).problems] == [("silent", "fu-ghost", "fu")]
    merging = {"run": RUN, "state": "merging", "waiting_for": ["SiStrip on fu-1"]}
    receive(hub, report(now=now, mode="bu", state=bu_state(runs=[merging])), now)
    assert runs.run(RUN).problems == []


def test_what_keeps_a_process_from_its_work_is_a_problem_with_a_status(hub: Settings) -> None:
    now = time.time()
    denied, absent = "[Errno 13] Permission denied: '/g'", "Cannot look at /fff/DQMOutput: Not a directory"
    receive(hub, report(now=now, mode="cleanup", state=cleanup_state(error=denied)), now)
    receive(hub, report(now=now, mode="bu", state=bu_state(error=absent)), now)
    assert lasting(0) == {"clean-up": "process-failing cleanup", "builder unit": "process-failing bu"}
    lines = {line.name: (line.state, line.detail) for line in status_lines(hub)}
    assert lines["transfer: clean-up"] == ("warn", f"cleanup-1: {denied}")
    assert lines["transfer: builder units"] == ("warn", f"bu-1: {absent}")
    events = {event.title: event.text for event in TransferEvents().find("transfers", now - 9, now + 9)}
    assert events == {"The clean-up cleanup-1 cannot do its work": denied, "The builder unit bu-1 cannot do its work": absent}
    failing = {"run": RUN, "state": "merging", "error": "hadd is not there"}
    receive(hub, report(now=now, mode="bu", state=bu_state(runs=[failing])), now)
    assert lasting() == {"builder unit": "process-failing bu"}
    receive(hub, report(now=now, mode="bu", state=bu_state("merged")), now)
    receive(hub, report(now=now, mode="cleanup"), now)
    assert lasting(0) == lasting() == {}


def test_a_run_whose_end_is_held_up_long_after_the_begin_of_a_newer_one_is_a_problem(hub: Settings) -> None:
    now = time.time()
    both = [
        {"run": RUN + 1, "state": "ongoing", "waiting_for": ["fu-1"]},
        {"run": RUN, "state": "ongoing", "waiting_for": ["fu-1", "fu-2"]},
    ]
    receive(hub, report(now=now, mode="bu", state=bu_state(runs=both)), now)
    receive(hub, report(now=now + 590, mode="bu", state=bu_state(runs=both)), now + 590)
    assert lasting() == lasting(RUN + 1) == {}
    receive(hub, report(now=now + 610, mode="bu", state=bu_state(runs=both)), now + 610)
    assert (lasting(), lasting(RUN + 1)) == ({"builder unit": "end-late bu"}, {})
    assert [each.text for each in runs.problems_of(RUN)] == ["a newer run has begun; this one waits for fu-1, fu-2"]
    both[1] |= {"state": "merging", "waiting_for": []}
    receive(hub, report(now=now + 620, mode="bu", state=bu_state(runs=both)), now + 620)
    assert lasting() == {}
