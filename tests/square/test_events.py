"""Events of runs, jobs and hosts, derived from the tables."""

from __future__ import annotations

import time

import pytest

from app.core import database
from app.core.events import Event
from app.core.settings import Settings
from app.square.events import KINDS, events
from app.square.models import Host, Run
from tests.notify import seed

pytestmark = [pytest.mark.both_databases, pytest.mark.usefixtures("clock")]


@pytest.fixture
def now() -> float:
    return time.time()


def found(now: float, *kinds: str, since: float = 0.0, limit: int = 1000) -> list[tuple[str, str, float]]:
    """Title, text and age in seconds of each event."""
    return [(event.title, event.text, round(now - event.at)) for event in events("production", since, now, limit, kinds or KINDS)]


def test_a_run_begins_with_its_first_report_and_has_its_details(hub: Settings, now: float) -> None:
    seed.job(358791, "beam", now - 60)
    seed.job(358791, "csc", now - 30)
    assert found(now, "run-start") == [("Run 358791 began", "pp_run, CMSSW 12_4_8", 160)]
    seed.job(400000, "beam", now - 20, data_run=358791)
    assert found(now, "run-start")[0] == ("Run 400000 began", "pp_run, CMSSW 12_4_8, data of run 358791", 120)


def test_a_run_has_ended_when_its_last_job_has_and_none_began_for_a_minute(hub: Settings, now: float) -> None:
    seed.job(358791, "beam", now - 300, 0)
    running = seed.job(358791, "csc", now - 90)
    assert found(now, "run-end") == []
    seed.change(running, exit_code=-11, reported=now - 70)
    assert found(now, "run-end") == [("Run 358791 ended", "Clients: 1 finished, 1 crashed", 70)]


def test_a_run_whose_only_job_just_crashed_is_ongoing_because_the_client_restarts(hub: Settings, now: float) -> None:
    seed.job(358791, "beam", now - 10, -11)
    assert found(now, "run-end") == []
    seed.job(358792, "beam", now - 1)
    assert found(now, "run-end") == [("Run 358791 ended", "Clients: 1 crashed", 10)]


def test_a_run_with_an_unended_job_ends_when_a_newer_run_began_and_the_job_is_stuck(hub: Settings, now: float) -> None:
    seed.job(358791, "beam", now - 2000, 0)
    seed.job(358791, "csc", now - 1000)
    assert found(now, "run-end") == []
    seed.job(358792, "beam", now - 10)
    assert found(now, "run-end") == [("Run 358791 ended", "Clients: 1 finished, 1 never reported its end", 100)]
    assert found(now, "run-end", since=now - 99) == []


def test_a_crash_has_client_run_exit_code_and_host(hub: Settings, now: float) -> None:
    seed.job(358791, "beam", now - 20, 139, lumi=35, events=12345)
    seed.job(358791, "csc", now - 10, 0)
    seed.job(None, "ecal", now - 5, 1)
    assert found(now, "crash") == [
        ("ecal crashed", "Exit code 1, on dqmfu-c2b03-45-01", 5),
        ("beam crashed in run 358791", "Exit code 139 SIGSEGV, on dqmfu-c2b03-45-01, lumisection 35, 12345 events", 20),
    ]


def test_a_job_is_stuck_fifteen_minutes_after_its_last_report_and_again_after_each(hub: Settings, now: float) -> None:
    seed.host("dqmfu-c2b03-45-01", now - 1)
    job = seed.job(358792, "beam", now - 800)
    assert found(now, "stuck") == []
    seed.change(job, reported=now - 910)
    (first,) = events("production", 0, now, kinds=["stuck"])
    assert (first.title, first.text, round(now - first.at)) == (
        "beam is stuck in run 358792",
        "No report for 15 minutes, on dqmfu-c2b03-45-01",
        10,
    )
    seed.change(job, reported=now - 905)
    (second,) = events("production", 0, now, kinds=["stuck"])
    assert second.id != first.id


def test_a_job_of_a_host_that_does_not_answer_is_not_stuck_as_far_as_anybody_knows(hub: Settings, now: float) -> None:
    seed.host("dqmfu-c2b03-45-01", now - 950, "connection refused")
    seed.job(358792, "beam", now - 960)
    assert found(now, "stuck") == []
    seed.host("dqmfu-c2b03-45-01", now - 1)
    assert len(found(now, "stuck")) == 1


def test_a_job_is_not_stuck_while_documents_of_its_host_are_still_to_be_fetched(hub: Settings, now: float) -> None:
    seed.host("dqmfu-c2b03-45-01", now)
    Host.update(behind=64).execute()  # the hub was down, and catches up
    seed.job(358792, "beam", now - 1200)
    assert found(now, "stuck") == []
    Host.update(behind=0).execute()
    assert len(found(now, "stuck")) == 1


def test_a_job_of_a_run_that_three_newer_ones_had_followed_by_then_is_not_stuck(hub: Settings, now: float) -> None:
    seed.job(358790, "beam", now - 2000)
    seed.job(358791, "beam", now - 1500, 0)
    seed.job(358792, "beam", now - 1400, 0)
    assert len(found(now, "stuck")) == 1
    seed.job(358793, "beam", now - 1050, 0)
    assert found(now, "stuck") == []
    Run.update(first=now - 1099).where(Run.run == 358793).execute()  # just after the job counted as stuck
    assert len(found(now, "stuck")) == 1


def test_a_host_that_fails_is_silent_a_minute_after_its_last_answer(hub: Settings, now: float) -> None:
    seed.host("dqmfu-c2b03-45-01", now - 30, "connection refused")
    seed.host("dqmfu-c2b04-45-01", now - 500)  # it is not polled: the poller is not running
    assert found(now, "silent-host") == []
    seed.host("dqmfu-c2b03-45-01", now - 70, "connection refused")
    assert found(now, "silent-host") == [("dqmfu-c2b03-45-01 does not respond", "connection refused", 10)]
    Host.update(failures=0, last_ok=now).execute()
    assert found(now, "silent-host") == []


def test_a_host_with_one_failure_after_a_pause_of_the_hub_is_not_silent(hub: Settings, now: float) -> None:
    seed.host("dqmfu-c2b03-45-01", now - 300, "connection refused")
    Host.update(failures=1).execute()
    assert found(now, "silent-host") == []
    Host.update(failures=3).execute()
    assert found(now, "silent-host") == [("dqmfu-c2b03-45-01 does not respond", "connection refused", 240)]


def test_a_machine_is_down_since_the_first_of_two_reports_whatever_their_messages(hub: Settings, now: float) -> None:
    seed.status("fu-1", True, now - 900, now - 300)
    seed.status("fu-1", False, now - 270, now - 270, "timed out after 1.2 s")
    assert found(now, "silent-host") == []
    seed.status("fu-1", False, now - 240, now - 240, "timed out after 1.3 s")
    assert found(now, "silent-host") == [("fu-1 is down", "P5 reports: timed out after 1.2 s", 270)]
    seed.status("fu-1", True, now - 210, now - 180)
    seed.status("fu-1", False, now - 150, now - 120, "refused")
    assert [ago for _, _, ago in found(now, "silent-host")] == [150, 270]
    seed.status("fu-2", False, now - 100, now - 100, "one look only")
    seed.status("fu-2", True, now - 70, now - 70)
    assert [ago for _, _, ago in found(now, "silent-host", since=now - 200)] == [150]


def test_a_machine_long_down_causes_no_second_event_when_old_statuses_are_not_read(
    hub: Settings, now: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.square.events.MOST_STATUSES", 50)
    for look in range(100):
        seed.status("fu-1", False, now - 3000 + 30 * look, now - 3000 + 30 * look, f"timed out after {look} ms")
    assert found(now, "silent-host", since=now - 3600) == []
    seed.status("fu-2", False, now - 20, now - 10, "refused")
    assert found(now, "silent-host", since=now - 3600) == [("fu-2 is down", "P5 reports: refused", 20)]


def test_events_are_newest_first_and_limited(hub: Settings, now: float) -> None:
    for ago in (50, 10, 30, 20, 40):
        seed.job(358792, "beam", now - ago, 1)
    seed.job(7, "beam", now - 15, 1, system="playback")
    assert [ago for _, _, ago in found(now, "crash", limit=3)] == [10, 20, 30]
    assert [ago for _, _, ago in found(now, "crash", since=now - 31)] == [10, 20, 30]
    assert [ago for _, _, ago in found(now, "crash", limit=0)] == []


def test_each_event_has_a_stable_identifier(filled: Settings, now: float) -> None:
    seed.host("bu-1", now - 100, "unreachable")
    first = events("production", 0, now)
    assert [event.id for event in events("production", 0, now)] == [event.id for event in first]
    assert len({event.id for event in first}) == len(first)
    assert {event.kind for event in first} == {"run-start", "run-end", "silent-host"}
    assert all(event.id.startswith(event.kind + "-") and len(event.id) == len(event.kind) + 21 for event in first)


def test_a_hostile_name_stays_one_line(hub: Settings, now: float) -> None:
    seed.job(358792, "beam\r\nBcc: all@cern.ch\t", now - 5, 1)
    (event,) = events("production", 0, now, kinds=["crash"])
    assert event.title == "beam Bcc: all@cern.ch crashed in run 358792"


def test_no_question_reads_more_than_its_window(filled: Settings, now: float) -> None:
    if not database.is_sqlite():
        return  # it may choose to read a small table whole
    queries: list[str] = []
    connection = database.proxy.connection()
    connection.set_trace_callback(queries.append)
    events("production", now - 60, now)
    connection.set_trace_callback(None)
    plans = [line[3] for query in queries for line in connection.execute("EXPLAIN QUERY PLAN " + query)]
    assert [plan for plan in plans if plan.startswith("SCAN") and "HOST" not in plan.upper()] == []


def test_the_fields_of_an_event_are_stable() -> None:
    assert Event._fields == ("id", "system", "kind", "run", "key", "at", "title", "text")
