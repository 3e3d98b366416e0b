"""Missing and damaged files, unreachable GUI machines, and full disks: from begin to end, and as events."""

from __future__ import annotations

import time
from typing import Any

import pytest

from app.core.settings import Settings
from app.notify.detection import EventCollector, WatchedSystem
from app.notify.models import Notification
from app.transfers import runs
from app.transfers.event_source import TransferEvents
from app.transfers.models import TransferHost
from tests.transfers.samples import (
    LUMISECTION_S,
    NOW,
    RUN,
    bu_state,
    cleanup_state,
    concatenation_record,
    file_record,
    fu_state,
    merge_record,
    process,
    receive,
    report,
    root_record,
)

LIMIT_S = 3 * LUMISECTION_S


def at(settings: Settings, seconds: float, *records: dict[str, Any], state: dict[str, Any], skew: float = 0, **values: Any) -> None:
    """Receive a report so many seconds after NOW, from a host whose clock is ahead."""
    receive(settings, report(*records, state=state, now=NOW + seconds + skew, **values), NOW + seconds)


def lasting(run: int = RUN) -> dict[str, str]:
    """The problems that last, by subject: kind and origin."""
    return {each.subject: f"{each.kind} {each.origin}".strip() for each in runs.problems_of(run) if each.ended is None}


def missing() -> dict[str, str]:
    """What is missing on the page of the run, by client."""
    return {each.client: each.missing for each in runs.run(RUN).clients if each.missing}


@pytest.mark.both_databases
def test_a_client_is_missing_three_lumisections_after_its_last_snapshot_and_until_the_next(hub: Settings) -> None:
    state = fu_state(clients=(process(7, snapshot=NOW),))
    at(hub, 0, file_record(1), state=state)
    at(hub, LIMIT_S - 1, state=state)
    assert missing() == {}
    at(hub, LIMIT_S + 1, state=state)
    assert missing() == {"SiStrip": "no new snapshot for more than 3 lumisections"}
    assert runs.runs()[0].missing == 1
    at(hub, LIMIT_S + 20, state=fu_state(clients=(process(7, snapshot=NOW + LIMIT_S + 19),)))
    assert missing() == {}
    (problem,) = runs.problems_of(RUN)
    assert (problem.began, problem.ended) == (NOW + LIMIT_S + 1, NOW + LIMIT_S + 20)


def test_missing_files_are_judged_by_the_clock_of_their_host(hub: Settings) -> None:
    state = fu_state(clients=(process(7, snapshot=NOW + 5000),))
    for seconds in (0, LIMIT_S - 1):
        at(hub, seconds, state=state, skew=5000)
        assert missing() == {}
    at(hub, LIMIT_S + 1, state=state, skew=5000)
    assert list(missing()) == ["SiStrip"]


def test_a_process_that_never_wrote_is_missing_under_its_program_until_it_writes(hub: Settings) -> None:
    silent = fu_state(clients=(process(7, tag="", snapshot=0),))
    at(hub, 0, state=silent)
    at(hub, LIMIT_S - 1, state=silent)
    assert missing() == {}
    at(hub, LIMIT_S + 1, state=silent)
    assert missing() == {"sistrip_cfg.py (7)": "no snapshot yet, more than 3 lumisections after its start"}
    at(hub, LIMIT_S + 9, state=fu_state(clients=(process(7, snapshot=NOW + LIMIT_S + 5),)))
    assert missing() == {}
    assert [client.client for client in runs.run(RUN).clients] == ["SiStrip"]


def test_a_client_that_is_started_again_has_the_same_time_for_its_first_snapshot(hub: Settings) -> None:
    at(hub, 0, state=fu_state(clients=(process(7, snapshot=NOW),)))
    again = fu_state(clients=(process(8, snapshot=NOW, restarted=True),))
    at(hub, 60, state=again)
    at(hub, LIMIT_S + 1, state=again)
    assert missing() == {}
    at(hub, 60 + LIMIT_S + 1, state=again)
    assert list(missing()) == ["SiStrip"]


def test_a_client_whose_process_is_gone_is_missing_while_the_run_goes_on(hub: Settings) -> None:
    at(hub, 0, file_record(1, at=NOW), file_record(2, "CTPPS", at=NOW), state=fu_state())
    at(hub, LIMIT_S + 1, file_record(3, at=NOW + LIMIT_S), state=fu_state(clients=(process(7, snapshot=NOW + LIMIT_S),)))
    assert list(missing()) == ["CTPPS"]
    assert [client.client for client in runs.run(RUN).clients] == ["CTPPS", "SiStrip"], "missing ones come first"


def test_a_client_with_a_root_file_has_ended_and_is_not_missing(hub: Settings) -> None:
    at(hub, 0, file_record(1), root_record(2), state=fu_state())
    at(hub, LIMIT_S + 9, state=fu_state())
    assert missing() == {}


def test_no_snapshot_is_missing_once_the_run_ends(hub: Settings) -> None:
    at(hub, 0, file_record(1), state=fu_state())
    at(hub, LIMIT_S + 9, state=fu_state())
    assert list(missing()) == ["SiStrip"]
    at(hub, LIMIT_S + 19, state=fu_state("ending"))
    assert missing() == {}


def test_the_page_of_a_run_is_out_of_date_when_a_client_becomes_missing_by_time_alone(hub: Settings) -> None:
    at(hub, 0, file_record(1, at=NOW), state=fu_state())
    at(hub, LIMIT_S - 9, state=fu_state())
    version = runs.run_version(RUN)
    at(hub, LIMIT_S + 9, state=fu_state())
    assert list(missing()) == ["SiStrip"]
    assert runs.run_version(RUN) != version


def test_a_root_file_is_missing_when_the_run_is_over_until_it_is_sent(hub: Settings) -> None:
    at(hub, 0, file_record(1), file_record(2, "CTPPS"), root_record(3, "CTPPS"), file_record(4, "BRIL"), state=fu_state())
    at(hub, 9, root_record(5, "BRIL", sent=0, error="the disk is full"), state=fu_state("over"))
    assert missing() == {"SiStrip": "it has snapshots, but no ROOT file", "BRIL": "its ROOT file was not sent: the disk is full"}
    at(hub, 19, root_record(6, "BRIL"), state=fu_state("over"))
    assert list(missing()) == ["SiStrip"]


def test_a_root_file_is_missing_when_the_builder_unit_has_merged_the_run(hub: Settings) -> None:
    at(hub, 0, file_record(1), state=fu_state("ending"))
    at(hub, 1, mode="bu", state=bu_state("merging"))
    assert missing() == {}
    at(hub, 2, mode="bu", state=bu_state("merged"))
    assert missing() == {"SiStrip": "it has snapshots, but no ROOT file"}


def test_a_damaged_file_is_a_problem_until_a_concatenation_has_it(hub: Settings) -> None:
    damaged = [{"name": "a.pb", "reason": "cut"}]
    at(
        hub,
        0,
        concatenation_record(1, left_out=damaged),
        merge_record(2, left_out=[{"name": "b.root", "reason": "no keys"}]),
        mode="bu",
        state=bu_state(),
    )
    assert lasting() == {"a.pb": "corrupt-input concatenation", "b.root": "corrupt-input merge"}
    at(hub, 10, concatenation_record(3, left_out=damaged), mode="bu", state=bu_state())
    assert len(runs.problems_of(RUN)) == 2
    assert runs.runs()[0].corrupt == 2
    at(hub, 20, concatenation_record(4), mode="bu", state=bu_state())
    assert lasting() == {"b.root": "corrupt-input merge"}


@pytest.mark.both_databases
def test_a_damaged_snapshot_is_no_problem_any_more_when_the_run_is_merged(hub: Settings) -> None:
    at(hub, 0, concatenation_record(1, left_out=[{"name": "a.pb", "reason": "cut"}]), mode="bu", state=bu_state())
    at(hub, 9, merge_record(2), mode="bu", state=bu_state("merged"))
    assert lasting() == {}


@pytest.mark.parametrize(("mode", "state"), [("fu", fu_state("over")), ("bu", bu_state("merged"))])
def test_a_program_that_has_written_nothing_is_missing_when_the_run_is_over(hub: Settings, mode: str, state: dict[str, Any]) -> None:
    started = [process(7, tag="", snapshot=0), process(8, tag="", snapshot=0, client="csc.py")]
    at(hub, 0, state=fu_state(clients=tuple(started)))
    again = [process(9, tag="", snapshot=0, restarted=True), process(10, tag="CSC", snapshot=NOW, client="csc.py", restarted=True)]
    at(hub, 9, file_record(1, "CSC"), root_record(2, "CSC"), state=fu_state(clients=tuple(again)))
    at(hub, 19, mode=mode, state=state)
    assert missing() == {"sistrip_cfg.py (9)": "it has written nothing"}, "the other one has written after it was started again"


def test_a_client_without_root_file_is_missing_and_not_damaged_though_a_merge_names_its_snapshot(hub: Settings) -> None:
    without = [{"name": f"run{RUN}_SiStrip_DQMLive__fu-1.pb", "reason": "this client has snapshots, and no ROOT file"}]
    at(hub, 0, file_record(1), state=fu_state("ending"))
    at(hub, 1, merge_record(1, left_out=without), mode="bu", state=bu_state("merged"))
    assert lasting() == {"SiStrip": "file-missing ROOT file"}


def test_a_merge_that_fails_is_a_problem_until_one_is_accepted(hub: Settings) -> None:
    at(hub, 0, merge_record(1, accepted=False, version=0, name="", error="hadd: no space left"), mode="bu", state=bu_state("merging"))
    (problem,) = runs.problems_of(RUN)
    assert (problem.kind, problem.text, problem.ended) == ("merge-failed", "hadd: no space left", None)
    assert events()["merge-failed"] == f"Run {RUN}: its ROOT files could not be merged"
    at(hub, 9, merge_record(2), mode="bu", state=bu_state("merged"))
    assert lasting() == {}


@pytest.mark.both_databases
def test_a_run_without_any_root_file_is_one_problem(hub: Settings) -> None:
    """That of its clients, if their filter unit reports; otherwise that of the merge."""
    nothing = {"accepted": False, "tried": False, "version": 0, "name": "", "inputs": [], "error": "no ROOT file of any client arrived"}
    at(hub, 0, merge_record(1, **nothing), mode="bu", state=bu_state("over"))
    assert list(lasting().values()) == ["merge-failed merge"]
    at(hub, 9, file_record(1), state=fu_state("over"))
    at(hub, 19, merge_record(2, **nothing), mode="bu", state=bu_state("over"))
    assert lasting() == {"SiStrip": "file-missing ROOT file"}


@pytest.mark.both_databases
def test_a_root_file_that_is_given_up_is_a_problem_with_its_reason_while_the_run_is_over(hub: Settings) -> None:
    """Also of a client without a snapshot."""
    error = "it is not sent until it or its origin changes: /upload/DQM.root has not 7 bytes"
    waiting = [{"run": RUN, "client": "SiStrip", "file": "ROOT file", "written": NOW, "since": NOW, "attempts": 8, "error": error}]
    at(hub, 0, root_record(1, sent=0, error="it has not 7 bytes"), state=fu_state("over") | {"waiting": waiting})
    for later in (99, 100_000):
        at(hub, later, state=fu_state("over") | {"waiting": waiting})
        assert [(one.kind, one.text) for one in runs.problems_of(RUN) if not one.ended] == [("not-sent", f"its ROOT file waits: {error}")]
    at(hub, 100_009, root_record(2), state=fu_state("over"))
    assert lasting() == {}


@pytest.mark.both_databases
@pytest.mark.parametrize(("mode", "state"), [("fu", fu_state(runs=[])), ("bu", bu_state(runs=[]))])
def test_a_run_that_a_process_does_not_report_any_more_is_over_there(hub: Settings, mode: str, state: dict[str, Any]) -> None:
    at(hub, 0, file_record(1), mode=mode, state=fu_state() if mode == "fu" else bu_state())
    at(hub, LIMIT_S + 9, mode=mode, state=fu_state() if mode == "fu" else bu_state())
    assert list(missing()) == (["SiStrip"] if mode == "fu" else [])
    assert [host.state for host in runs.run(RUN).hosts] == ["ongoing"]
    version = runs.run_version(RUN)
    at(hub, LIMIT_S + 19, mode=mode, state=state | {"started": NOW + LIMIT_S + 18})
    assert [host.state for host in runs.run(RUN).hosts] == ["ongoing"], "a process that has just begun may not know it yet"
    at(hub, LIMIT_S + 29, mode=mode, state=state)
    assert runs.run(RUN).state == "over"
    assert missing() == {}
    assert runs.run_version(RUN) != version


def test_processes_of_one_host_that_serve_a_run_each_leave_the_runs_of_the_others_as_they_are(hub: Settings) -> None:
    states = []
    for run in (RUN, RUN + 1):
        serves = {"run": run, "runs": [{"run": run, "state": "ongoing", "clients": [process(7, snapshot=NOW)]}]}
        states.append(fu_state() | serves)
    for state in states:
        at(hub, 0, state=state)
        at(hub, LIMIT_S + 9, state=state)
    before = [(runs.run_version(run), runs.run(run).hosts, runs.problems_of(run)) for run in (RUN, RUN + 1)]
    for seconds in (20, 30, 40):
        for state in states:
            at(hub, LIMIT_S + seconds, state=state)
    assert [(runs.run_version(run), runs.run(run).hosts, runs.problems_of(run)) for run in (RUN, RUN + 1)] == before
    assert [host.state for host in before[0][1]] == ["ongoing"]


def test_a_gui_machine_is_a_problem_while_it_cannot_be_reached(hub: Settings) -> None:
    away = bu_state(gui_machines=[{"name": "gui-1", "reachable": False, "since": NOW, "error": "no route", "waiting": 1}])
    at(hub, 0, mode="bu", state=away)
    at(hub, 10, mode="bu", state=away)
    assert lasting(0) == {"gui-1": "gui-unreachable bu"}
    at(hub, 20, mode="bu", state=bu_state())
    assert lasting(0) == {}
    assert len(runs.problems_of(0)) == 1


def test_a_disk_is_a_problem_above_the_mark_of_clean_up_or_of_the_hub(hub: Settings) -> None:
    at(hub, 0, state=fu_state(disks={"/a": 0.89, "/b": 0.91}))
    at(hub, 0, mode="cleanup", state=cleanup_state(disk=0.86, mark=0.85))
    assert lasting(0) == {"/b": "disk-full fu", "/data/dqmgui/files": "disk-full cleanup"}
    at(hub, 9, mode="cleanup", state=cleanup_state(disk=0.84, mark=0.85))
    at(hub, 9, state=fu_state(disks={"/a": 0.95}))
    assert lasting(0) == {"/a": "disk-full fu"}


def events() -> dict[str, str]:
    """The titles of all events by kind."""
    return {event.kind: event.title for event in TransferEvents().find("transfers", 0, 2e9)}


@pytest.mark.both_databases
def test_each_problem_is_an_event_that_leads_to_its_run_or_host_and_is_open_while_it_lasts(hub: Settings) -> None:
    source = TransferEvents()
    now = time.time()
    gui = [{"name": "gui-1", "reachable": False, "since": 0, "error": "no\nroute", "waiting": 1}]
    damaged = [{"name": "a\u202eb.pb", "reason": "cut"}]
    receive(hub, report(concatenation_record(1, left_out=damaged), mode="bu", state=bu_state(gui_machines=gui), now=now), now)
    receive(hub, report(file_record(1), state=fu_state(disks={"/a": 0.95}), now=now), now)
    assert events() == {
        "corrupt-input": f"Run {RUN}: a\ufffdb.pb was left out of a concatenation",
        "gui-unreachable": "GUI machine gui-1 is unreachable from bu-1",
        "disk-full": "Disk /a of fu-1 is above its mark",
        "file-missing": f"Run {RUN}: a file of SiStrip on fu-1 is missing",
    }
    found = {event.kind: event for event in source.find("transfers", now - 1, now + 1)}
    paths = {kind: source.path(event) for kind, event in found.items()}
    run_page = f"/transfers/runs/{RUN}"
    assert paths == {
        "corrupt-input": run_page,
        "gui-unreachable": "/transfers",
        "disk-full": "/transfers/hosts/fu-1",
        "file-missing": run_page,
    }
    assert found["gui-unreachable"].text == "no route"
    assert source.subject(found["file-missing"]).host == "fu-1"
    assert all(source.is_open(event) for event in found.values())
    receive(hub, report(concatenation_record(2), mode="bu", state=bu_state(), now=now), now)
    assert not source.is_open(found["gui-unreachable"])
    assert {event.id for event in source.find("transfers", now - 1, now + 1)} == {event.id for event in found.values()}
    assert [event.kind for event in source.find("transfers", now - 1, now + 1, ["disk-full"])] == ["disk-full"]
    assert set(source.hosts(hub)) == {"bu-1", "fu-1"}


def test_problems_that_begin_with_one_report_of_a_host_are_one_event(hub: Settings) -> None:
    source, now = TransferEvents(), time.time()
    sent = [file_record(number, f"Client{number}", at=now - 300) for number in range(1, 13)]
    receive(hub, report(*sent, state=fu_state(), now=now), now)
    receive(hub, report(file_record(1, "Other", at=now - 300), host="fu-2", state=fu_state(), now=now), now)
    found = {event.title.removeprefix(f"Run {RUN}: "): event for event in source.find("transfers", now - 1, now + 1)}
    assert set(found) == {"files of 12 clients on fu-1 are missing", "a file of Other on fu-2 is missing"}
    many, one = found["files of 12 clients on fu-1 are missing"], found["a file of Other on fu-2 is missing"]
    assert many.text.count("no new snapshot for more than 3 lumisections") == 10
    assert many.text.endswith(" ...")
    assert source.subject(many) != source.subject(one)
    all_but_last = [file_record(number + 20, f"Client{number}", at=now - 1) for number in range(1, 12)]
    receive(hub, report(*all_but_last, state=fu_state(), now=now), now)
    assert source.is_open(many)
    receive(hub, report(file_record(40, "Client12", at=now - 1), state=fu_state(), now=now), now)
    assert not source.is_open(many)
    assert source.is_open(one)


@pytest.mark.both_databases
def test_a_process_that_stops_reporting_is_an_event_once_it_is_silent(hub: Settings) -> None:
    source, now = TransferEvents(), time.time()
    receive(hub, report(now=now), now)
    assert source.find("transfers", now - 3600, now + 3600) == []
    TransferHost.update(seen=now - 91).execute()
    (event,) = source.find("transfers", now - 3600, now + 3600)
    assert (event.kind, event.title) == ("transfer-silent", "The transfer (filter unit) on fu-1 is silent")
    assert now - 31 <= event.at <= now - 1
    assert (source.subject(event).host, source.path(event)) == ("fu-1", "/transfers/hosts/fu-1")
    assert source.is_open(event)
    receive(hub, report(now=now), now)
    assert not source.is_open(event)


@pytest.mark.both_databases
def test_problems_are_notified_once_by_the_detection_of_the_hub(hub: Settings) -> None:
    now = time.time()
    collector, system = EventCollector(hub), WatchedSystem(TransferEvents(), "transfers")
    receive(hub, report(file_record(1, at=now - 300), state=fu_state(), now=now), now)
    for _ in range(2):
        collector.collect(system, 3600)
    (row,) = Notification.select()
    assert (row.kind, row.run, row.outcome, row.title) == (
        "file-missing",
        RUN,
        "notified",
        f"Run {RUN}: a file of SiStrip on fu-1 is missing",
    )
