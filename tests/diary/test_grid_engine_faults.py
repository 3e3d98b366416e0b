"""Grid Engine when texts are cut off, jobs are repeated, and files are replaced: what must not be told of a job."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from math import inf, nan
from pathlib import Path
from typing import Any

import pytest

from app.core.settings import Settings
from app.diary.errors import BadSourceConfig, CommandFailed
from app.diary.models import DiaryEvent, DiaryJob
from app.diary.observations.observation import JobKey
from app.diary.sources.runner import scan_source
from tests.diary.contract.samples.grid_engine import of_accounting
from tests.diary.recorded_commands import write_command
from tests.diary.test_grid_engine import SUBMITTED, commands, follow, known, line, listed, say, source, states_of

__all__ = ["commands"]


def printed(ago_s: float) -> str:
    """A time of the past as `qacct` prints it."""
    return datetime.fromtimestamp(time.time() - ago_s, UTC).strftime("%a %b %d %H:%M:%S %Y")


def accounted(failed: str, began_s: float, ended_s: float, exit_status: str = "0") -> str:
    """Job 7 as `qacct` prints it: it began and ended so long ago."""
    text = of_accounting(7, failed, exit_status).decode()
    return text.replace("Sat Nov 28 16:26:30 2026", printed(began_s)).replace("Sat Nov 28 16:27:30 2026", printed(ended_s))


def started(ago_s: float) -> str:
    """A time of the past as `qstat -xml` prints it."""
    return datetime.fromtimestamp(time.time() - ago_s, UTC).strftime("%Y-%m-%dT%H:%M:%S")


def test_the_variables_of_a_user_are_no_facts_of_a_job(hub: Settings, commands: Path) -> None:
    secrets = f"{'env_list:':<28}DB_PASSWORD=hunter2\nsecond: hunter2\n{'job_args:':<28}-p,hunter2\n{'context:':<28}a=hunter2"
    say(commands, listed(7), of_accounting(8, "0", "0").decode() + "\nsubmit_cmd   qsub -v P=hunter2", known=known(7, secrets))
    scan_source(source(commands), hub)
    assert {job.native_id for job in DiaryJob.select()} == {"7", "8"}
    assert not [job.native_id for job in DiaryJob.select() if "hunter2" in job.facts]


@pytest.mark.parametrize(("failed", "exit_status"), [("25  : rescheduling", "0"), ("24  : migrating", "0"), ("26  : opening output", "1")])
def test_a_job_that_was_rescheduled_and_runs_again_stays_running(hub: Settings, commands: Path, failed: str, exit_status: str) -> None:
    say(commands, listed(7, "r", at=started(20)), accounted(failed, 60, 30, exit_status), known(7))
    found = source(commands)
    for _ in range(4):
        scan_source(found, hub)
    assert DiaryJob.get().state == "running"
    assert [event.new for event in DiaryEvent.select().where(DiaryEvent.field == "state")] == ["running"]


def test_a_job_that_was_rescheduled_and_has_ended_stays_done(hub: Settings, commands: Path) -> None:
    """For some minutes each scan reads the records of both attempts."""
    say(commands, "", f"{accounted('25  : rescheduling', 90, 60)}\n{accounted('0', 50, 30)}\n")
    found = source(commands)
    for _ in range(3):
        scan_source(found, hub)
    assert DiaryJob.get().state == "done"
    assert [event.new for event in DiaryEvent.select().where(DiaryEvent.field == "state")] == ["done"]


def test_words_of_an_error_with_exit_code_0_are_a_failed_scan_and_no_empty_queue(commands: Path) -> None:
    say(commands, listed(7))
    (commands / "queue.txt").write_text("error: commlib error: got select error (Connection refused)")
    with pytest.raises(CommandFailed, match="qstat: It printed no list of jobs: error: commlib error"):
        source(commands).scan({})


@pytest.mark.parametrize("letters", ["qw", "r"])
def test_the_end_of_a_job_that_ended_after_the_queue_was_asked_is_its_end(hub: Settings, commands: Path, letters: str) -> None:
    """The accounting file is read on, so that its line does not come again."""
    (commands / "accounting").write_text("")
    found = source(commands, accounting=str(commands / "accounting"), accounting_s=0.0)
    say(commands, listed(7, letters), known=known(7))
    scan_source(found, hub)
    (commands / "accounting").write_text(line(7, exit_status=7))
    scan_source(found, hub)
    say(commands, "")
    scan_source(found, hub)
    assert (DiaryJob.get().state, DiaryJob.get().exit_code) == ("failed", 7)


def test_a_list_of_jobs_that_is_cut_off_cancels_and_loses_no_job(hub: Settings, commands: Path) -> None:
    (commands / "accounting").write_text("")
    found = source(commands, accounting=str(commands / "accounting"), accounting_s=0.0)
    say(commands, listed(7) + listed(8), known=known(7) + known(8))
    scan_source(found, hub)
    whole = (commands / "queue.txt").read_text()
    for text in (whole[: whole.index("</job_list>") + 12], whole[: whole.rindex("<state>")], "<job_info>\n", ""):
        (commands / "queue.txt").write_text(text)
        assert not found.scan({}).complete
        scan_source(found, hub)
        assert {job.native_id: job.state for job in DiaryJob.select()} == {"7": "pending", "8": "pending"}
    say(commands, listed(7), known=known(7))
    scan_source(found, hub)
    assert {job.native_id: job.state for job in DiaryJob.select()} == {"7": "pending", "8": "cancelled"}


def test_a_job_is_not_cancelled_before_accounting_has_been_read_to_its_end(commands: Path) -> None:
    path = commands / "accounting"
    path.write_text("")
    found, cursor = source(commands, accounting=str(path), max_mib=1, accounting_s=0.0), dict[str, Any]()
    say(commands, listed(99999), known=known(99999))
    follow(found, cursor)
    say(commands, "")
    path.write_text("".join(line(number) for number in range(1, 9000)) + line(99999))
    seen: list[str] = []
    while part := states_of(follow(found, cursor)):
        seen += [part["99999"]] if "99999" in part else []
    assert seen == ["done"]


@pytest.mark.parametrize("ending", [".0", ".1"])
def test_what_was_added_to_an_accounting_file_before_it_was_replaced_is_read(commands: Path, ending: str) -> None:
    path = commands / "accounting"
    path.write_text(line(1))
    found, cursor = source(commands, accounting=str(path), accounting_s=0.0), dict[str, Any]()
    say(commands, listed(2) + listed(3), known=known(2) + known(3))
    assert states_of(follow(found, cursor)) == {"1": "done", "2": "pending", "3": "pending"}
    with path.open("a") as file:
        file.write(line(2) + line(3).rstrip("\n"))
    path.rename(f"{path}{ending}")
    path.write_text(line(4))
    say(commands, "")
    seen = [states_of(follow(found, cursor)) for _ in range(3)]
    assert seen == [{"2": "done", "3": "done"}, {"4": "done"}, {}]


def test_a_job_is_not_cancelled_by_a_scan_that_finds_another_accounting_file(commands: Path) -> None:
    path = commands / "accounting"
    path.write_text(line(1))
    found, cursor = source(commands, accounting=str(path), accounting_s=0.0), dict[str, Any]()
    say(commands, listed(2), known=known(2))
    follow(found, cursor)
    say(commands, "")
    path.rename(commands / "elsewhere")
    path.write_text(line(4))
    scan = found.scan(dict(cursor))
    assert (states_of(list(scan.observations)), scan.complete) == ({"4": "done"}, False)


def test_jobs_are_not_missing_while_an_array_or_a_record_cannot_be_read(commands: Path) -> None:
    for text in (listed(7) + listed(8, tasks="1-20000"), listed(7) + listed(8).replace("<state>", "<status>")):
        say(commands, text, known=known(7) + known(8))
        scan = source(commands).scan({})
        assert (len(scan.quarantined), scan.complete, states_of(list(scan.observations))) == (1, False, {"7": "pending"})
    assert scan.quarantined[0][1] == "It has no field 'state'"


def test_a_running_job_whose_submission_is_hidden_is_shown_and_completed_later(hub: Settings, commands: Path) -> None:
    found = source(commands)
    say(commands, listed(7, "r"))
    for _ in range(2):
        scan_source(found, hub)
    assert [(job.native_id, job.state, job.submitted) for job in DiaryJob.select()] == [("7", "running", 0)]
    say(commands, listed(7, "r"), known=known(7))
    scan_source(found, hub)
    assert [(job.native_id, job.state, job.submitted) for job in DiaryJob.select()] == [("7", "running", SUBMITTED)]


@pytest.mark.parametrize("said", ["Following jobs do not exist: \\n8\\n", "Some jobs do not exist"])
def test_a_job_that_ended_meanwhile_does_not_hide_the_details_of_others(commands: Path, said: str) -> None:
    folder = f"{'cwd:':<28}/data/x"
    say(commands, listed(7) + listed(8), known=known(7, folder))
    absent = f"printf '{said}' >&2; exit 1"
    write_command(
        commands, "qstat", f'case "$*" in *-xml*) cat {commands}/queue.txt ;; *8*) {absent} ;; *) cat {commands}/known.txt ;; esac'
    )
    assert {job.native_id: job.workdir for job in follow(source(commands), {})} == {"7": "/data/x", "8": None}


def test_a_job_is_lost_only_when_accounting_says_that_it_does_not_have_it(commands: Path) -> None:
    say(commands, "")
    write_command(commands, "qacct", "echo error: cannot connect >&2; exit 1")
    with pytest.raises(CommandFailed, match="cannot connect"):
        list(source(commands).probe([JobKey("7", 5)]))
    write_command(commands, "qacct", "echo error: job id $2 not found >&2; exit 1")
    assert list(source(commands).probe([JobKey("7", 5)])) == []


def test_an_attempt_that_another_one_followed_does_not_wait_for_ever(hub: Settings, commands: Path) -> None:
    """A real Grid Engine gives the next attempt another time of submission, which is in the key of a job."""
    hub = hub.replace(diary_lost_cycles=1, diary_lost_s=0.0)
    again = accounted("0", 50, 40).replace("Sat Nov 28 16:26:24 2026", "Sat Nov 28 16:27:30 2026")
    say(commands, "", f"{accounted('25  : rescheduling', 90, 60)}\n{again}\n")
    scan_source(source(commands), hub)
    write_command(commands, "qacct", f'[ "$2" ] || exit 0; cat {commands}/ended.txt')
    for _ in range(3):
        scan_source(source(commands), hub)
    assert [(job.submitted - SUBMITTED, job.state) for job in DiaryJob.select().order_by(DiaryJob.submitted)] == [(0, "lost"), (66, "done")]


def test_ends_are_read_again_after_the_clock_of_the_hub_was_ahead(commands: Path) -> None:
    say(commands, "", accounted("0", 60, 30))
    assert states_of(follow(source(commands), {"since": time.time() + 3600})) == {"7": "done"}


@pytest.mark.parametrize(
    "options", [{"first_days": value} for value in (nan, inf, 0.0, -1.0)] + [{"accounting_s": nan}, {"accounting_s": -1.0}]
)
def test_spans_of_time_that_are_none_are_refused(commands: Path, options: dict[str, float]) -> None:
    with pytest.raises(BadSourceConfig, match=f"{next(iter(options))} must be a number"):
        source(commands, **options)
