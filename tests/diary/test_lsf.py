"""LSF, which cannot be had here: on text as its manual and its users print it."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from app.core.settings import Settings
from app.diary.errors import BadSourceConfig, CommandFailed
from app.diary.models import DiaryJob
from app.diary.sources.lsf import FIELDS, KIND, observation_of
from app.diary.sources.runner import scan_source
from app.diary.sources.source import JobSource

NOW = datetime(2026, 11, 28, 18, tzinfo=UTC).timestamp()


def line(**values: str) -> str:
    job = dict.fromkeys(FIELDS, "-") | {
        "jobid": "7",
        "jobindex": "0",
        "stat": "RUN",
        "submit_time": "Nov 28 16:26:24 2026",
        "job_name": "a",
    }
    return "|".join((job | values).values())


def at(text: str) -> float:
    return datetime.fromisoformat(f"{text}+00:00").timestamp()


@pytest.mark.parametrize(
    ("values", "state", "exit_code", "signal", "reason"),
    [
        ({"stat": "PEND"}, "pending", None, None, ""),
        ({"stat": "WAIT"}, "pending", None, None, ""),
        ({"stat": "PSUSP"}, "held", None, None, ""),
        ({"stat": "RUN"}, "running", None, None, ""),
        ({"stat": "USUSP"}, "running", None, None, "Suspended by a person"),
        ({"stat": "DONE"}, "done", 0, None, ""),
        ({"stat": "EXIT", "exit_code": "7"}, "failed", 7, None, ""),
        ({"stat": "EXIT", "exit_code": "139"}, "failed", 139, 11, ""),
        ({"stat": "EXIT", "exit_code": "137", "exit_reason": "TERM_MEMLIMIT: job killed"}, "failed", 137, 9, "TERM_MEMLIMIT: job killed"),
        (
            {"stat": "EXIT", "exit_code": "130", "exit_reason": "TERM_OWNER: job killed by owner"},
            "cancelled",
            130,
            2,
            "TERM_OWNER: job killed by owner",
        ),
        ({"stat": "EXIT", "exit_reason": "TERM_ADMIN: job killed by root"}, "cancelled", None, None, "TERM_ADMIN: job killed by root"),
        ({"stat": "ZOMBI"}, "unknown", None, None, ""),
        ({"stat": "UNKWN"}, "unknown", None, None, ""),
    ],
)
def test_states_and_exit_codes_are_those_of_the_manual(
    values: dict[str, str], state: str, exit_code: int | None, signal: int | None, reason: str
) -> None:
    found = observation_of(line(**values), NOW)
    assert (found.state, found.exit_code, found.signal, found.reason) == (state, exit_code, signal, reason)


@pytest.mark.parametrize(
    ("text", "right"),
    [
        ("Nov 28 16:26:24 2026", "2026-11-28T16:26:24"),
        ("Nov 28 16:26", "2026-11-28T16:26:00"),
        ("Nov  8 16:26 L", "2026-11-08T16:26:00"),
        ("Dec 31 23:59", "2025-12-31T23:59:00"),
        ("Feb 29 12:00", "2024-02-29T12:00:00"),
    ],
)
def test_times_without_a_year_are_the_last_such_ones(text: str, right: str) -> None:
    assert observation_of(line(submit_time=text), NOW).submitted == at(right)


def test_the_estimated_end_of_a_job_that_runs_is_no_end() -> None:
    assert observation_of(line(finish_time="Nov 29 16:26:24 2026 E"), NOW).ended is None
    ended = observation_of(line(stat="DONE", finish_time="Nov 28 16:29:00 2026 L"), NOW)
    assert ended.ended == at("2026-11-28T16:29:00")


def test_an_array_has_a_job_for_each_index_and_names_may_have_the_delimiter() -> None:
    found = observation_of(line(jobid="7", jobindex="3", job_name="mc|v2[3]"), NOW)
    assert (found.native_id, found.name) == ("7[3]", "mc|v2[3]")


def test_files_are_those_of_the_folder_of_submission_and_the_host_is_the_first() -> None:
    files = {
        "sub_cwd": "/home/anna",
        "output_file": "out.txt",
        "error_file": "/tmp/err.txt",
        "exec_host": "4*node4:2*node5",
        "queue": "night",
    }
    found = observation_of(line(**files), NOW)
    assert (found.logs, found.labels) == (
        [("/home/anna/out.txt", "output"), ("/tmp/err.txt", "errors")],
        {"queue": "night", "host": "node4"},
    )
    assert observation_of(line(output_file="/dev/null"), NOW).logs == []


@pytest.fixture
def bjobs(tmp_path: Path) -> Path:
    """A `bjobs` that prints a text, to standard error where it is no job, and notes its arguments."""
    path = tmp_path / "bjobs"
    path.write_text(f'#!/bin/sh\nprintf "%s\\n" "$TZ $LSB_DISPLAY_YEAR" "$@" > {tmp_path}/args\n. {tmp_path}/print\n')
    path.chmod(0o755)
    return path


def source(bjobs: Path) -> JobSource:
    return KIND.make("lsf", {"command": [str(bjobs), "-a"]}, Settings())


def show(bjobs: Path, *lines: str) -> None:
    quoted = "\n".join(lines)
    (bjobs.parent / "print").write_text(f"cat <<'END'\n{quoted}\nEND\n" if lines else "echo 'No job found' >&2; exit 255\n")


def test_jobs_are_asked_for_in_utc_and_followed_until_none_is_left(hub: Settings, bjobs: Path) -> None:
    hub = hub.replace(diary_lost_cycles=1, diary_lost_s=0.0)
    show(bjobs, line(jobid="7"), line(jobid="8"), "")
    assert scan_source(source(bjobs), hub).found == 2
    asked = (bjobs.parent / "args").read_text().splitlines()
    assert asked == ["UTC0 Y", "-a", "-noheader", "-o", f"{' '.join(FIELDS)} delimiter='|'"]
    show(bjobs, line(jobid="7", stat="DONE"))
    scan_source(source(bjobs), hub)
    show(bjobs)
    scan_source(source(bjobs), hub)
    assert {job.native_id: job.state for job in DiaryJob.select()} == {"7": "done", "8": "lost"}


def test_a_cluster_that_does_not_answer_has_not_lost_its_jobs(hub: Settings, bjobs: Path) -> None:
    (bjobs.parent / "print").write_text("echo 'LSF is down. Please wait ...' >&2; exit 255\n")
    with pytest.raises(CommandFailed, match="LSF is down"):
        scan_source(source(bjobs), hub)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("7|0|RUN", "It has 3 fields, not 17"),
        (line(jobid="abc"), "The id is not a number"),
        (line(submit_time="yesterday"), "yesterday is no time"),
        (line(submit_time="Feb 30 12:00"), "There is no date 02/30"),
        (line(submit_time="Nov 31 12:00:00 2026"), "day"),
    ],
)
def test_a_line_that_cannot_be_used_is_quarantined_with_its_reason(text: str, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        observation_of(text, NOW)


def test_a_job_is_not_lost_while_its_line_cannot_be_used(hub: Settings, bjobs: Path) -> None:
    hub = hub.replace(diary_lost_cycles=1, diary_lost_s=0.0)
    show(bjobs, line(jobid="7"), line(jobid="8"))
    scan_source(source(bjobs), hub)
    show(bjobs, line(jobid="7"), line(jobid="8", submit_time="yesterday"))
    for _ in range(3):
        scan_source(source(bjobs), hub)
    assert {job.native_id: job.state for job in DiaryJob.select()} == {"7": "running", "8": "running"}


def test_words_of_an_error_with_exit_code_0_are_a_failed_scan_and_no_empty_queue(bjobs: Path) -> None:
    bjobs.write_text("#!/bin/sh\necho LSF is down. Please wait ...\n")
    with pytest.raises(CommandFailed, match=r"It printed no jobs: LSF is down\. Please wait"):
        source(bjobs).scan({})


def test_labels_that_are_in_names_are_labels_of_the_jobs(bjobs: Path) -> None:
    show(bjobs, line(job_name="harvest_367123", queue="night"))
    found = KIND.make("lsf", {"command": [str(bjobs)], "labels": ["run=harvest_([0-9]+)"]}, Settings())
    assert [job.labels for job in found.scan({}).observations] == [{"run": "367123", "queue": "night"}]


def test_a_log_of_a_job_without_a_folder_is_no_path_of_the_root(bjobs: Path) -> None:
    assert observation_of(line(output_file="out.txt", error_file="/tmp/e"), NOW).logs == [("/tmp/e", "errors")]


def test_options_that_cannot_be_used_are_named() -> None:
    options: dict[str, Any] = {"command": []}
    with pytest.raises(BadSourceConfig, match="command must have the program bjobs"):
        KIND.make("lsf", options, Settings())
