"""Event logs of HTCondor: what once gave a job the state, time or secret of something else."""

from __future__ import annotations

import os
from datetime import datetime
from pathlib import Path

from app.core.settings import Settings
from app.diary.models import DiaryJob, DiaryQuarantine
from app.diary.sources.condor_jobs import MAX_JOBS, CondorJobs
from app.diary.sources.files import open_regular
from app.diary.sources.runner import scan_source
from tests.diary.contract.samples.htcondor_log import ENDED, EXECUTED, HELD, SUBMITTED, USAGE
from tests.diary.observations import only_job, seen
from tests.diary.test_htcondor_log import source

IMAGE_SIZE = """\
006 ({0}.000.000) 2026-11-28 16:28:10 Image size of job updated: 72
\t3  -  MemoryUsage of job (MB)
\t2112  -  ResidentSetSize of job (KB)
"""


def log(*events: str) -> str:
    """The events of job 7 as a log."""
    return "".join(event.format(7, 0) + "...\n" for event in events)


def add(path: Path, *events: str) -> None:
    with path.open("a") as file:
        file.write(log(*events))


def unix(text: str) -> float:
    return datetime.fromisoformat(text).timestamp()


def night(clock: str, event: str) -> str:
    """An event of the night in which the clocks of Zurich are set back at 3."""
    return f"{event[:3]} (7.0.0) 2025-10-26 {clock} {event[4:]}\n...\n"


def test_times_in_the_hour_that_autumn_repeats_are_in_the_order_of_the_log(hub: Settings, tmp_path: Path) -> None:
    path = tmp_path / "log"
    path.write_text(
        night("02:40:00", "000 Job submitted from host: <1.2.3.4>") + night("02:55:00", "001 Job executing on host: <1.2.3.4:1>")
    )
    zurich = source(path, time_zone="Europe/Zurich")
    scan_source(zurich, hub)
    end = "005 Job terminated.\n\t(1) Normal termination (return value 0)\n" + USAGE
    with path.open("a") as file:
        file.write(night("02:10:00", end))
    scan_source(zurich, hub)
    job = only_job()
    assert (job.submitted, job.started) == (unix("2025-10-26T02:40:00+02:00"), unix("2025-10-26T02:55:00+02:00"))
    assert (job.state, job.ended) == ("done", unix("2025-10-26T02:10:00+01:00"))


def test_events_that_are_some_seconds_out_of_order_are_not_in_the_second_hour(hub: Settings, tmp_path: Path) -> None:
    path = tmp_path / "log"
    path.write_text(
        night("02:40:01", "000 Job submitted from host: <1.2.3.4>") + night("02:40:00", "001 Job executing on host: <1.2.3.4:1>")
    )
    scan_source(source(path, time_zone="Europe/Zurich"), hub)
    assert only_job().started == unix("2025-10-26T02:40:00+02:00")


def test_jobs_of_two_access_points_with_one_id_are_two_jobs(hub: Settings, tmp_path: Path) -> None:
    first, second = tmp_path / "ap1.log", tmp_path / "ap2.log"
    earlier = SUBMITTED.replace("16:26:24", "16:20:00").replace("10.1.2.3", "10.5.5.5")
    first.write_text(log(SUBMITTED, EXECUTED))
    second.write_text(log(earlier))
    logs = source(tmp_path / "*.log*")
    scan_source(logs, hub)
    add(second, ENDED)
    scan_source(logs, hub)
    found = {int(job.submitted): job.state for job in DiaryJob.select()}
    at = int(unix("2026-11-28T16:20:00+00:00"))
    assert found == {at: "done", at + 384: "running"}
    first.rename(tmp_path / "ap1.log.old")
    first.write_text(log(HELD))
    scan_source(logs, hub)
    assert {int(job.submitted): job.state for job in DiaryJob.select()} == {at: "done", at + 384: "held"}


def test_the_size_of_a_job_changes_no_state(hub: Settings, tmp_path: Path) -> None:
    path = tmp_path / "log"
    path.write_text(log(SUBMITTED, EXECUTED, HELD))
    scan_source(source(path), hub)
    add(path, IMAGE_SIZE)
    scan_source(source(path), hub)
    assert (only_job().state, only_job().reason, only_job().value_of("metrics")) == ("held", "Out of disk", {"rss_kb": 2112})


def test_the_size_of_a_job_that_no_log_submits_is_no_job(hub: Settings, tmp_path: Path) -> None:
    (tmp_path / "log").write_text(log(IMAGE_SIZE))
    scan_source(source(tmp_path / "log"), hub)
    assert not DiaryJob.select().exists()


def test_arguments_and_variables_in_an_event_are_no_facts(hub: Settings, tmp_path: Path) -> None:
    information = """028 ({0}.000.000) 2026-11-28 16:27:01 Job ad information event triggered.
Owner = "anna"
Args = "--password hunter2"
Environment = "TOKEN=hunter2"
"""
    (tmp_path / "log").write_text(log(SUBMITTED, EXECUTED, information))
    scan_source(source(tmp_path / "log"), hub)
    assert only_job().user == "anna"
    assert "hunter2" not in only_job().facts


def test_links_are_no_logs_and_show_no_secret(hub: Settings, tmp_path: Path) -> None:
    secret = tmp_path / "secret.conf"
    secret.write_text("password = hunter2\n...\n")
    (tmp_path / "job.log").symlink_to(secret)
    assert scan_source(source(tmp_path / "*.log"), hub).quarantined == 0
    assert not DiaryQuarantine.select().exists()


def test_only_regular_files_are_opened_and_a_refused_one_stays_open_nowhere(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("text")
    (tmp_path / "link").symlink_to(tmp_path / "file")
    (tmp_path / "folder").mkdir()
    os.mkfifo(tmp_path / "pipe")
    refused = []
    before = len(os.listdir("/proc/self/fd"))
    for name in ("file", "link", "folder", "pipe"):
        try:
            open_regular(str(tmp_path / name)).close()
        except OSError:
            refused.append(name)
    assert refused == ["link", "folder", "pipe"]
    assert len(os.listdir("/proc/self/fd")) == before


def test_the_jobs_in_the_cursor_are_the_unfinished_ones_and_not_too_many() -> None:
    jobs = CondorJobs({})
    for number in range(MAX_JOBS + 10):
        jobs.note("log", seen(0.0, "running", f"{number}.0"))
    jobs.note("log", seen(0.0, "done", "20.0"))
    again = CondorJobs(jobs.stored())
    assert len(jobs.stored()) == MAX_JOBS
    known = [number for number in range(MAX_JOBS + 10) if again.last("log", f"{number}.0")]
    assert known == [*range(9, 20), *range(21, MAX_JOBS + 10)]
