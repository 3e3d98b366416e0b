"""Slurm when clocks jump, records cannot be used, and ids come again."""

from __future__ import annotations

import time
from math import inf, nan
from pathlib import Path

import pytest

from app.core.settings import Settings
from app.diary.errors import BadSourceConfig, CommandFailed
from app.diary.models import DiaryJob
from app.diary.observations.observation import JobKey
from app.diary.sources.runner import scan_source
from app.diary.sources.slurm_text import FIELD, RECORD, SACCT, SQUEUE, sacct_records, squeue_records
from tests.diary.recorded_commands import write_command
from tests.diary.test_slurm import commands, job, sacct_text, say, source

__all__ = ["commands"]


def test_ended_jobs_are_read_after_the_clock_of_the_hub_was_ahead(commands: Path) -> None:
    say(commands, [], [])
    write_command(commands, "sacct", f'echo "$*" >> {commands}/asked')
    scan = source(commands).scan({"since": time.time() + 3600})
    begin, end = ((commands / "asked").read_text().split(f" {option} ")[1].split(" ")[0] for option in ("-S", "-E"))
    assert begin < end, "texts of times have the order of the times"
    assert scan.cursor["since"] < time.time()


@pytest.mark.parametrize("days", [nan, inf, 0.0, -1.0])
def test_first_days_that_are_none_are_refused(commands: Path, days: float) -> None:
    with pytest.raises(BadSourceConfig, match="first_days must be a number above 0"):
        source(commands, first_days=days)


@pytest.mark.parametrize("bad", [job("8_[1-20000]", "PENDING", 100), job("8", "RUNNING", 100, JobName=f"a{FIELD}b")])
def test_jobs_are_not_lost_while_an_array_or_a_record_cannot_be_read(hub: Settings, commands: Path, bad: dict[str, str]) -> None:
    hub = hub.replace(diary_lost_cycles=1, diary_lost_s=0.0)
    found = source(commands)
    say(commands, [job("7", "RUNNING", 100), job("8", "RUNNING", 100)], [])
    scan_source(found, hub)
    say(commands, [job("7", "RUNNING", 100), bad], [])
    for _ in range(3):
        scan_source(found, hub)
    assert {each.native_id: each.state for each in DiaryJob.select()} == {"7": "running", "8": "running"}


def test_a_missing_job_is_not_taken_for_an_earlier_one_with_its_id(commands: Path) -> None:
    say(commands, [], [job("7", "COMPLETED", 100, Start=110, End=120), job("7", "COMPLETED", 900, Start=910, End=920)])
    assert [(each.native_id, each.submitted) for each in source(commands).probe([JobKey("7", 900)])] == [("7", 900)]


def test_a_missing_job_that_was_requeued_is_found_by_its_first_submission(commands: Path) -> None:
    say(commands, [], [job("7", "REQUEUED", 100, Start=110, End=200), job("7", "COMPLETED", 200, Start=210, End=300)])
    (found,) = source(commands).probe([JobKey("7", 100)])
    assert (found.submitted, found.state, found.ended) == (100, "done", 300)


def test_a_name_of_many_lines_is_one_name_and_lines_take_time_in_proportion() -> None:
    """With a million short lines a reader that copies what it has for each line does not end within the time of a test."""
    name = "x\n" * (1 << 20)
    text = sacct_text(job("7", "COMPLETED", 100, JobName=name), job("8", "COMPLETED", 100))
    found, torn = sacct_records(text)
    assert ([(each["JobID"], each["JobName"] == name) for each in found], torn) == ([("7", True), ("8", False)], [])
    found, torn = sacct_records(name + FIELD)
    assert (found, [(len(each), reason) for each, reason in torn]) == ([], [(len(name) + 1, f"It has 2 fields, not {len(SACCT)}")])


@pytest.mark.parametrize("program", ["squeue", "sacct"])
def test_words_of_an_error_with_exit_code_0_are_a_failed_scan_and_no_empty_queue(commands: Path, program: str) -> None:
    say(commands, [job("7", "RUNNING", 100)], [])
    write_command(commands, program, "echo slurm_load_jobs error: Unable to contact slurm controller")
    with pytest.raises(CommandFailed, match=f"^{program}: It printed no jobs: slurm_load_jobs error: Unable to contact"):
        source(commands).scan({})


def test_words_before_the_first_job_of_the_queue_make_no_other_job_lost() -> None:
    records, bad = squeue_records(f"squeue: error: a cluster is down\n{RECORD}{FIELD.join('x' * len(SQUEUE))}{FIELD}\n")
    assert (len(records), [text for text, _ in bad]) == (1, ["squeue: error: a cluster is down"])


def test_a_record_that_cannot_be_used_is_kept_with_its_reason_in_words(commands: Path) -> None:
    say(commands, [job("six", "RUNNING", 100), job("6_[1-20000]", "PENDING", 100), job("7", "RUNNING", 100, Submit="yesterday")], [])
    reasons = [reason for _, reason in source(commands).scan({}).quarantined]
    assert reasons[:2] == ["JobID is not a job id such as 6 or 6_1", "It has more than 10,000 tasks"]
    assert "'yesterday'" in reasons[2]
