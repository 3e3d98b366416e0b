"""Event logs of HTCondor, compared with HTCondor's own reader."""

from __future__ import annotations

import os
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from app.core.settings import Settings
from app.diary.errors import BadSourceConfig
from app.diary.models import DiaryJob, DiaryQuarantine
from app.diary.sources.condor_events import MAX_EVENT, CondorEvent, event_of, split_events
from app.diary.sources.htcondor_log import KIND
from app.diary.sources.runner import scan_source
from app.diary.sources.source import JobSource
from tests.diary.contract.samples.htcondor_log import BYTES, ENDED, EXECUTED, GOOD, HELD, SUBMITTED, USAGE
from tests.diary.observations import changes, only_job

LOG = f"""\
000 (1234.000.000) 2026-11-28 16:26:24 Job submitted from host: <10.1.2.3:9618?addrs=10.1.2.3-9618&alias=ap1>
    DAG Node: analyze
...
028 (1234.000.000) 2026-11-28 16:26:24 Job ad information event triggered.
Proc = 0
EventTime = "2026-11-28T16:26:24"
TriggerEventTypeNumber = 0
Owner = "anna"
Cmd = "/home/anna/run me.sh"
Iwd = "/home/anna"
GlobalJobId = "ap1.cern.ch#1234.0#1795883184"
...
040 (1234.000.000) 2026-11-28 16:26:50 Started transferring input files
\tTransferring to host: <10.1.2.4:9618>
...
001 (1234.000.000) 2026-11-28 16:27:00 Job executing on host: <10.1.2.4:9618>
\tSlotName: slot1_3@node4.cern.ch
\tCondorScratchDir = "/var/lib/condor/execute/dir_1"
\tCpus = 1
...
006 (1234.000.000) 2026-11-28 16:27:10 Image size of job updated: 72
\t3  -  MemoryUsage of job (MB)
\t2112  -  ResidentSetSize of job (KB)
...
012 (1234.000.000) 11/28 16:28:00 Job was held.
\tTransfer input files failure at the execution point
\tCode 13 Subcode 2
...
013 (1234.000.000) 2026-11-28 16:28:30.123 Job was released.
\tvia condor_release (by user anna)
...
001 (1234.000.000) 2026-11-28 16:28:40 Job executing on host: <10.1.2.5:9618>
...
022 (1234.000.000) 2026-11-28 16:28:50 Job disconnected, attempting to reconnect
    Socket between submit and execute hosts closed unexpectedly
    Trying to reconnect to slot1@node5 <10.1.2.5:9618>
...
024 (1234.000.000) 2026-11-28 16:28:55 Job reconnection failed
    Job disconnected too long: JobLeaseDuration (2400 seconds) expired
    Can not reconnect to slot1@node5, rescheduling job
...
001 (1234.000.000) 2026-11-28 16:29:00 Job executing on host: <10.1.2.5:9618>
...
010 (1234.000.000) 2026-11-28 16:29:10 Job was suspended.
\tNumber of processes actually suspended: 1
...
011 (1234.000.000) 2026-11-28 16:29:20 Job was unsuspended.
...
004 (1234.000.000) 2026-11-28 16:29:30 Job was evicted.
\t(0) CPU times
\t\tUsr 0 00:00:00, Sys 0 00:00:00  -  Run Remote Usage
\t\tUsr 0 00:00:00, Sys 0 00:00:00  -  Run Local Usage
\t0  -  Run Bytes Sent By Job
\t0  -  Run Bytes Received By Job
...
005 (1234.000.000) 2026-11-28 16:30:00 Job terminated.
\t(1) Normal termination (return value 7)
{USAGE}
\tJob terminated of its own accord at 2026-11-28T16:30:00Z with exit-code 7.
...
005 (1234.001.000) 2026-11-28 16:30:00 Job terminated.
\t(0) Abnormal termination (signal 11)
\t(1) Corefile in: /home/anna/core.1
{USAGE}{BYTES}...
007 (1234.003.000) 2026-11-28 16:31:00 Shadow exception!
\tError from slot1@node5: Failed to execute
\t0  -  Run Bytes Sent By Job
\t0  -  Run Bytes Received By Job
...
009 (1234.002.000) 2026-11-28 16:31:00 Job was aborted.
\tvia condor_rm (by user anna)
...
"""
ONE_JOB = "...\n".join((SUBMITTED, EXECUTED, ENDED)).format(7, 7) + "...\n"


def source(path: Path, **options: Any) -> JobSource:
    return KIND.make("log", {"files": [str(path)], **options}, Settings())


def events(text: bytes, now: float = 1795900000.0) -> list[CondorEvent]:
    return [event_of(each.decode(), UTC, now) for each in split_events(text)[0]]


def of_htcondor(path: Path) -> list[Any]:
    """The events by HTCondor's own reader."""
    htcondor = pytest.importorskip(
        "htcondor2", reason="HTCondor's own reader is not installed: `make build` installs it, on Linux of x86-64"
    )
    return list(htcondor.JobEventLog(str(path)).events(0))


@pytest.fixture
def utc(monkeypatch: pytest.MonkeyPatch) -> Any:
    """HTCondor's reader takes times for those of this process."""
    monkeypatch.setenv("TZ", "UTC0")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


@pytest.mark.parametrize(
    "text", [LOG, ONE_JOB, "\n...\n".join(text.decode() for *_, text in GOOD) + "\n...\n"], ids=["all", "one", "sample"]
)
def test_events_are_those_that_the_reader_of_htcondor_finds(tmp_path: Path, utc: None, text: str) -> None:
    (tmp_path / "log").write_text(text)
    theirs, ours = of_htcondor(tmp_path / "log"), events(text.encode(), time.time())
    assert [(each.code, each.cluster, each.proc) for each in ours] == [(int(each.type), each.cluster, each.proc) for each in theirs]
    assert [int(each.at) for each in ours] == [each.timestamp for each in theirs]


def test_states_codes_hosts_and_reasons_are_those_of_the_reader_of_htcondor(hub: Settings, tmp_path: Path, utc: None) -> None:
    (tmp_path / "log").write_text(LOG)
    theirs = [{"at": event.timestamp, "id": f"{event.cluster}.{event.proc}", **event} for event in of_htcondor(tmp_path / "log")]
    found = {(each.native_id, int(each.seen), each.state): each for each in source(tmp_path / "log").scan({}).observations}
    checked = 0
    for event in theirs:
        at = event["id"], event["at"]
        match event:
            case {"ReturnValue": code}:
                assert found[*at, "failed" if code else "done"].exit_code == code
            case {"TerminatedBySignal": signal}:
                assert found[*at, "failed"].signal == signal
            case {"HoldReason": reason}:
                assert found[*at, "held"].reason == reason
            case {"MyType": "JobAbortedEvent", "Reason": reason}:
                assert found[*at, "cancelled"].reason == reason
            case {"SlotName": slot}:
                assert found[*at, "running"].labels == {"host": slot.partition("@")[2]}
            case {"ExecuteHost": host}:
                assert found[*at, "running"].labels == {"host": host[1:].partition(":")[0]}
            case {"ResidentSetSize": size}:
                assert found[*at, "running"].metrics == {"rss_kb": size}
            case _:
                checked -= 1
        checked += 1
    assert checked == 8


@pytest.mark.slow  # their reader waits a second for the rest of an event
def test_a_log_that_is_being_written_has_the_events_that_are_whole(tmp_path: Path, utc: None) -> None:
    text, path = LOG.encode(), tmp_path / "log"
    for size in range(700, len(text), 900):
        path.write_bytes(text[:size])
        assert len(split_events(text[:size])[0]) == len(of_htcondor(path)), text[:size][-80:]


def test_a_job_has_its_whole_history_whether_its_log_comes_at_once_or_in_pieces(hub: Settings, tmp_path: Path) -> None:
    text, path = LOG[: LOG.index("005 (1234.001")].encode(), tmp_path / "log"
    for size in [*range(100, len(text), 100), len(text)]:
        path.write_bytes(text[:size])
        scan_source(source(path), hub)
    job = only_job()
    steps = ("pending", "running", "held", "pending", "running", "pending", "running", "pending", "failed")
    assert [new for _, new in changes(job)] == list(steps)
    assert (job.exit_code, job.submitted, job.ended) == (7, 1795883184, 1795883400)
    assert (job.user, job.name, job.workdir, job.reason) == ("anna", "run me.sh", "/home/anna", "")
    assert job.value_of("labels") == {"host": "10.1.2.5", "node": "analyze", "schedd": "ap1.cern.ch"}
    assert job.value_of("metrics") == {"rss_kb": 2112}
    assert DiaryQuarantine.select().count() == 0


def test_a_log_is_read_on_under_the_name_that_it_is_rotated_to(hub: Settings, tmp_path: Path) -> None:
    log, rotated = tmp_path / "EventLog", tmp_path / "EventLog.old"
    pieces = (ONE_JOB + "...\n").split("...\n")
    log.write_text(pieces[0] + "...\n")
    logs = source(tmp_path / "EventLog*")
    scan_source(logs, hub)
    with log.open("a") as file:
        file.write(pieces[1] + "...\n")
    log.rename(rotated)
    log.write_text(pieces[2] + "...\n" + SUBMITTED.format(8) + "...\n")
    counts = scan_source(logs, hub)
    assert counts.seen == 3
    assert {job.native_id: job.state for job in DiaryJob.select()} == {"7.0": "failed", "8.0": "pending"}
    assert scan_source(logs, hub).seen == 0


def test_a_log_that_is_written_anew_is_read_from_its_beginning(hub: Settings, tmp_path: Path) -> None:
    path = tmp_path / "log"
    path.write_text(ONE_JOB)
    scan_source(source(path), hub)
    for text in (SUBMITTED.format(8) + "...\n", SUBMITTED.format(9) + "...\n" + ONE_JOB):
        with path.open("r+") as file:  # of the same number
            file.truncate()
            file.write(text)
        scan_source(source(path), hub)
    assert {job.native_id for job in DiaryJob.select()} == {"7.0", "8.0", "9.0"}


def test_a_log_that_is_away_for_a_scan_is_not_read_again(hub: Settings, tmp_path: Path) -> None:
    path = tmp_path / "log"
    path.write_text(ONE_JOB)
    assert scan_source(source(path), hub).seen == 3
    path.rename(tmp_path / "away")
    assert scan_source(source(path), hub).seen == 0
    (tmp_path / "away").rename(path)
    assert scan_source(source(path), hub).seen == 0


def test_an_event_without_an_end_does_not_hide_those_that_follow(hub: Settings, tmp_path: Path) -> None:
    path = tmp_path / "log"
    path.write_bytes(ONE_JOB.encode() + b"x" * (MAX_EVENT + 10))
    scan_source(source(path), hub)
    with path.open("ab") as file:
        file.write(b"\n...\n" + SUBMITTED.format(8).encode() + b"...\n")
    scan_source(source(path), hub)
    assert {job.native_id for job in DiaryJob.select()} == {"7.0", "8.0"}
    assert DiaryQuarantine.select().where(DiaryQuarantine.reason == "The event has no end").count() == 1


def test_a_scan_of_many_logs_reads_at_most_its_limit_and_the_next_ones_read_the_others(hub: Settings, tmp_path: Path) -> None:
    for number in range(4):
        (tmp_path / f"{number}.log").write_text((ONE_JOB * 700).replace("(7.", f"({number}."))
    logs = source(tmp_path / "*.log", max_mib=1)
    cursor: Any = {}
    seen: set[str] = set()
    for _ in range(4):
        scan = logs.scan(cursor)
        assert len(list(scan.observations)) <= (1 << 20) // 75
        seen |= {each.native_id for each in scan.observations}
        cursor = scan.cursor
    assert seen == {"0.0", "1.0", "2.0", "3.0"}
    assert not list(logs.scan(cursor).observations)


def test_pipes_and_folders_are_no_logs(hub: Settings, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.log")
    (tmp_path / "folder.log").mkdir()
    (tmp_path / "job.log").write_text(ONE_JOB)
    assert scan_source(source(tmp_path / "*.log"), hub).seen == 3


@pytest.mark.parametrize(
    ("text", "right"),
    [
        ("2026-11-28 16:26:24", "2026-11-28T16:26:24+01:00"),
        ("2026-07-28 16:26:24", "2026-07-28T16:26:24+02:00"),
        ("2026-11-28T16:26:24Z", "2026-11-28T16:26:24+00:00"),
        ("2026-11-28 16:26:24.250", "2026-11-28T16:26:24.250+01:00"),
        ("11/28 16:26:24", "2026-11-28T16:26:24+01:00"),
        ("12/31 23:59:59", "2025-12-31T23:59:59+01:00"),
        ("02/29 12:00:00", "2024-02-29T12:00:00+01:00"),
    ],
)
def test_times_are_those_of_the_zone_and_dates_without_a_year_the_last_such_ones(text: str, right: str) -> None:
    now = datetime(2026, 11, 28, 18, tzinfo=UTC).timestamp()
    event = event_of(f"012 (7.0.0) {text} Job was held.", ZoneInfo("Europe/Zurich"), now)
    assert event.at == datetime.fromisoformat(right).timestamp()


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        ({"files": ["log"]}, "whole paths"),
        ({"files": []}, "whole paths"),
        ({"time_zone": "Mars"}, "Unknown time zone Mars"),
        ({"max_mib": 0}, "max_mib"),
    ],
)
def test_options_that_cannot_be_used_are_named(tmp_path: Path, options: dict[str, Any], reason: str) -> None:
    with pytest.raises(BadSourceConfig, match=reason):
        source(tmp_path, **options)


def test_a_hold_is_shown_with_its_reason_until_the_job_goes_on(hub: Settings, tmp_path: Path) -> None:
    path = tmp_path / "log"
    path.write_text("...\n".join((SUBMITTED, EXECUTED, HELD, "")).format(7))
    scan_source(source(path), hub)
    assert (only_job().state, only_job().reason) == ("held", "Out of disk")
    with path.open("a") as file:
        file.write(ENDED.format(7, 0) + "...\n")
    scan_source(source(path), hub)
    assert (only_job().state, only_job().reason) == ("done", "")
