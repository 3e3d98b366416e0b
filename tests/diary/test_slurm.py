"""Jobs of Slurm, by texts that a real one printed and by texts like them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from app.core.settings import Settings
from app.diary.errors import BadSourceConfig, CommandFailed
from app.diary.jobs import parents_of
from app.diary.models import DiaryEvent, DiaryJob
from app.diary.observations.observation import JobKey
from app.diary.sources.slurm import KIND
from app.diary.sources.slurm_text import FIELD, RECORD, SACCT, SQUEUE, sacct_records, squeue_records, task_ids
from app.diary.sources.source import JobSource
from tests.batch.diary import Diary, job_named
from tests.batch.slurm_jobs import FIRST, LAST
from tests.diary.observations import changes
from tests.diary.recorded_commands import RECORDED, write_command, write_slurm

LONG_AGO = "first_days = 36500.0"


@pytest.fixture
def commands(tmp_path: Path) -> Path:
    """The folder of the commands, and of the texts that they print."""
    return tmp_path / "bin"


def squeue_text(*jobs: dict[str, str]) -> str:
    return "".join(RECORD + "".join(job.get(name, "") + FIELD for name in SQUEUE) + "\n" for job in jobs)


def sacct_text(*jobs: dict[str, str]) -> str:
    return "".join(FIELD.join(job.get(name, "") for name in SACCT) + "\n" for job in jobs)


def job(number: str, state: str, submit: int, **values: object) -> dict[str, str]:
    given = {"JobID": number, "JobName": "j", "User": "u", "State": state, "Submit": str(submit)}
    return given | {name: str(value) for name, value in values.items()}


def say(commands: Path, queue: Sequence[dict[str, str]], ended: Sequence[dict[str, str]], logs: str = "") -> None:
    """Let the commands print these jobs."""
    commands.mkdir(exist_ok=True)
    for name, text in (("squeue", squeue_text(*queue)), ("sacct", sacct_text(*ended)), ("logs", logs)):
        (commands / f"{name}.txt").write_text(text)
    write_slurm(commands, commands)


def source(commands: Path, **options: object) -> JobSource:
    return KIND.make("slurm", {"environment": [f"PATH={commands}:/usr/bin:/bin"], **options}, Settings())


def test_the_recorded_texts_of_a_real_slurm_give_the_rows_that_its_jobs_ask_for(hub: Settings, commands: Path) -> None:
    write_slurm(commands, RECORDED / "slurm/first")
    diary = Diary(hub, "slurm", commands, LONG_AGO)
    assert diary.rows() == FIRST
    write_slurm(commands, RECORDED / "slurm/last")
    assert diary.rows() == LAST
    assert diary.quarantined == 0
    good, again = job_named("good"), job_named("again")
    assert (good.native_id, good.submitted, good.started, good.ended) == ("8", 1795949177, 1795949178, 1795949178)
    assert (good.user, good.workdir, good.value_of("labels")) == ("tester", "/home/tester", {"host": "node", "queue": "debug"})
    assert good.value_of("logs") == [["/tmp/good of 8.out", "file"]]
    assert [parent.native_id for parent in parents_of(job_named("never"))] == ["9"]
    assert (job_named("long").reason, job_named("waiting").started) == ("CANCELLED by 0", None)
    assert (again.submitted, again.reason) == (1795949177, "BeginTime")
    task = DiaryJob.get(DiaryJob.native_id == "13_3")
    assert task.value_of("logs") == [["/home/tester/out/13-003.txt", "file"], ["/home/tester/array.tester.19", "file"]]


def test_scans_that_show_the_same_change_nothing(hub: Settings, commands: Path) -> None:
    write_slurm(commands, RECORDED / "slurm/last")
    diary = Diary(hub, "slurm", commands, LONG_AGO)
    diary.rows()
    events = DiaryEvent.select().count()
    assert diary.rows() == diary.rows()
    assert DiaryEvent.select().count() == events


def test_a_requeued_job_stays_one_job_with_all_its_attempts(hub: Settings, commands: Path) -> None:
    """Each attempt has another time of submission; accounting forgets the first one from what it is asked for."""
    first = job("7", "REQUEUED", 100, Start=110, End=200)
    second = job("7", "NODE_FAIL", 200, Start=210, End=300)
    diary = Diary(hub, "slurm", commands)
    steps: list[tuple[list[dict[str, str]], list[dict[str, str]], tuple[object, ...]]] = [
        ([job("7", "RUNNING", 100, Start=110)], [], ("running", None, None, 0)),
        ([job("7", "PENDING", 200)], [first], ("pending", None, None, 2)),
        ([job("7", "RUNNING", 200, Start=210)], [], ("running", None, None, 2)),
        ([job("7", "RUNNING", 300, Start=310)], [first, second], ("running", None, None, 3)),
        ([], [job("7", "FAILED", 300, Start=310, End=400, ExitCode="5:0")], ("failed", 5, None, 3)),
    ]
    for queue, ended, expected in steps:
        say(commands, queue, ended)
        assert diary.rows() == {"j": expected}
    assert job_named("j").submitted == 100
    assert changes(job_named("j"))[-1] == ("running", "failed")


def test_an_id_that_comes_again_is_another_job(hub: Settings, commands: Path) -> None:
    diary = Diary(hub, "slurm", commands)
    say(commands, [], [job("7", "NODE_FAIL", 100, End=200)])
    diary.rows()
    say(commands, [job("7", "RUNNING", 900, JobName="other")], [job("7", "NODE_FAIL", 100, End=200)])
    diary.rows()
    assert sorted((each.name, each.submitted, each.state) for each in DiaryJob.select()) == [
        ("j", 100, "failed"),
        ("other", 900, "running"),
    ]


def test_what_accounting_says_of_an_ended_job_wins_over_the_queue(hub: Settings, commands: Path) -> None:
    say(commands, [job("7", "RUNNING", 100)], [job("7", "FAILED", 100, End=200, ExitCode="7:0")])
    assert Diary(hub, "slurm", commands).rows() == {"j": ("failed", 7, None, 0)}


@pytest.mark.parametrize(
    ("word", "reason", "state"),
    [
        *((word, "None", "pending") for word in ("PENDING", "CONFIGURING", "REQUEUED", "REQUEUE_FED")),
        *((word, "None", "held") for word in ("REQUEUE_HOLD", "SPECIAL_EXIT", "RESV_DEL_HOLD")),
        *((word, "None", "running") for word in ("RUNNING", "COMPLETING", "SUSPENDED", "STOPPED", "RESIZING", "SIGNALING", "STAGE_OUT")),
        *((word, "None", "failed") for word in ("FAILED", "NODE_FAIL", "OUT_OF_MEMORY", "TIMEOUT", "BOOT_FAIL", "DEADLINE")),
        ("COMPLETED", "None", "done"),
        ("CANCELLED by 1234", "None", "cancelled"),
        ("REVOKED", "None", "cancelled"),
        ("PREEMPTED", "None", "cancelled"),
        ("A_NEW_WORD", "None", "unknown"),
        ("", "None", "unknown"),
        ("PENDING", "JobHeldUser", "held"),
        ("PENDING", "JobHeldAdmin", "held"),
        ("PENDING", "launch failed requeued held", "held"),
        ("PENDING", "DependencyNeverSatisfied", "held"),
        ("PENDING", "Dependency", "pending"),
    ],
)
def test_each_state_word_has_its_state(commands: Path, word: str, reason: str, state: str) -> None:
    say(commands, [job("7", word, 100, Reason=reason)], [])
    (found,) = source(commands).scan({}).observations
    assert found.state == state


@pytest.mark.parametrize(
    ("state", "code", "expected"),
    [
        ("FAILED", "7:0", (7, None, "")),
        ("FAILED", "0:11", (None, 11, "")),
        ("FAILED", "0:53", (None, None, "ExitCode 0:53")),
        ("OUT_OF_MEMORY", "0:125", (None, None, "OUT_OF_MEMORY, ExitCode 0:125")),
        ("TIMEOUT", "0:0", (None, None, "TIMEOUT")),
        ("COMPLETED", "0:0", (0, None, "")),
    ],
)
def test_an_exit_code_is_that_of_the_job_alone(commands: Path, state: str, code: str, expected: tuple[object, ...]) -> None:
    say(commands, [], [job("7", state, 100, Start=110, End=200, ExitCode=code, ElapsedRaw=90)])
    (found,) = source(commands).scan({}).observations
    assert (found.exit_code, found.signal, found.reason) == expected


def test_waiting_tasks_of_an_array_are_jobs_with_the_ids_that_they_get_when_they_run(commands: Path) -> None:
    say(commands, [job("6_[1-5:2,8%2]", "PENDING", 100), job("6_7", "RUNNING", 100)], [])
    assert [each.native_id for each in source(commands).scan({}).observations] == ["6_1", "6_3", "6_5", "6_8", "6_7"]


@pytest.mark.parametrize("text", ["", "x", "6_[", "6_[]", "6_[1-]", "6_[1,...]", "6_[0-999999]", "6_[1-2:0x]", "6_[٣]", "6_[99999999999]"])
def test_tasks_that_are_none_or_too_many_are_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"JobID is not a job id such as 6 or 6_1|not numbers|more than 10,000"):
        task_ids(text)


def test_arrays_of_a_hostile_user_do_not_fill_the_memory(commands: Path) -> None:
    say(commands, [job(f"{number}_[1-10000]", "PENDING", 100) for number in range(200)], [])
    scan = source(commands).scan({})
    assert len(list(scan.observations)) == 100_000
    assert len(scan.quarantined) == 190


def test_a_name_with_an_end_of_line_or_separators_is_one_job() -> None:
    name = "two\nlines|7|  x"
    for text, read in (
        (squeue_text(job("7", "RUNNING", 1, JobName=name)), squeue_records),
        (sacct_text(job("7", "FAILED", 1, JobName=name)), sacct_records),
    ):
        (record,), torn = read(text)
        assert (record["JobName"], torn) == (name, [])


def test_torn_records_are_quarantined_and_hide_no_others(commands: Path) -> None:
    say(commands, [job("7", "RUNNING", 100)], [job("8", "FAILED", 100, End=200)])
    with (commands / "squeue.txt").open("a") as queue, (commands / "sacct.txt").open("a") as ended:
        queue.write(f"{RECORD}9{FIELD}torn")
        ended.write(f"10{FIELD}torn\n11{FIELD}x")
    scan = source(commands).scan({})
    assert {each.native_id for each in scan.observations} == {"7", "8"}
    assert [reason for _, reason in scan.quarantined] == ["It has 2 fields, not 15", "It has 2 fields, not 16", "It has 2 fields, not 16"]


def test_a_cluster_without_accounting_has_the_ends_that_its_queue_remembers(commands: Path) -> None:
    say(commands, [job("7", "COMPLETED", 100, Start=110, End=200), job("8", "RUNNING", 100)], [])
    write_command(commands, "sacct", "echo Slurm accounting storage is disabled >&2; exit 1")
    with pytest.raises(CommandFailed, match="sacct: It ended with exit code 1: Slurm accounting storage is disabled"):
        source(commands).scan({})
    scan = source(commands, accounting=False).scan({})
    assert [(each.state, each.ended) for each in scan.observations] == [("done", 200), ("running", None)]
    assert scan.complete


def test_old_ends_are_read_a_day_at_once_and_jobs_are_missing_only_after_the_last_one(commands: Path) -> None:
    say(commands, [], [])
    found, cursor = source(commands, first_days=2.5), {}
    complete = []
    for _ in range(4):
        scan = found.scan(cursor)
        complete.append(scan.complete)
        cursor = dict(scan.cursor)
    assert complete == [False, False, True, True]


def test_a_controller_that_does_not_answer_is_an_error_and_loses_no_job(hub: Settings, commands: Path) -> None:
    say(commands, [job("7", "RUNNING", 100)], [])
    diary = Diary(hub, "slurm", commands)
    diary.rows()
    write_command(commands, "squeue", "echo 'slurm_load_jobs error: Unable to contact slurm controller (connect failure)' >&2; exit 1")
    with pytest.raises(CommandFailed, match="Unable to contact slurm controller"):
        diary.rows()
    assert job_named("j").state == "running"


def test_a_missing_job_is_asked_for_in_accounting_and_odd_ids_reach_no_command(commands: Path) -> None:
    say(commands, [], [job("7", "COMPLETED", 100, Start=110, End=200, ExitCode="0:0"), job("8", "RUNNING", 100, End="Unknown")])
    write_command(commands, "sacct", f'echo "$*" > {commands}/arguments; cat {commands}/sacct.txt')
    found = list(source(commands).probe([JobKey("7"), JobKey("8"), JobKey("-x"), JobKey("9;10")]))
    assert [(each.native_id, each.state) for each in found] == [("7", "done")], "8 runs on in accounting alone"
    assert (commands / "arguments").read_text().strip().endswith("-j 7,8")


def test_only_the_jobs_of_the_users_and_accounts_of_the_options_are_asked_for(commands: Path) -> None:
    say(commands, [], [])
    for name in ("squeue", "sacct"):
        write_command(commands, name, f'echo "$*" > {commands}/{name}.arguments')
    source(commands, users=["dqm", "anna"], accounts=["cms"]).scan({})
    for name in ("squeue", "sacct"):
        assert "-u dqm,anna -A cms" in (commands / f"{name}.arguments").read_text()


def test_options_that_there_are_not_are_refused(commands: Path) -> None:
    with pytest.raises(BadSourceConfig, match="Unknown option user; options: period_s, host, ssh"):
        source(commands, user="dqm")


def test_labels_that_are_in_names_are_labels_of_the_jobs(commands: Path) -> None:
    named = job("7", "RUNNING", 100, JobName="harvest_367123-pixel", NodeList="node7")
    say(commands, [named, job("8", "RUNNING", 100, JobName="other", NodeList="node7")], [])
    labels = ["run=harvest_([0-9]+)", "part=pixel|strip", "host=harvest"]
    first, second = source(commands, labels=labels).scan({}).observations
    assert first.labels == {"run": "367123", "part": "pixel", "host": "node7"}
    assert second.labels == {"host": "node7"}


@pytest.mark.parametrize("text", ["run", "=x", "a b=x", "run=(", "run=*"])
def test_labels_without_a_regular_expression_are_refused(commands: Path, text: str) -> None:
    with pytest.raises(BadSourceConfig, match=r"label=pattern|no regular expression"):
        source(commands, labels=[text])
