"""Jobs of Grid Engine, by texts that a real one printed and by texts like them."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from app.core.settings import Settings
from app.diary.errors import BadSourceConfig, CommandFailed
from app.diary.jobs import parents_of
from app.diary.models import DiaryEvent, DiaryJob, DiaryQuarantine, DiarySource
from app.diary.observations.observation import JobKey, Observation
from app.diary.sources.grid_engine import KIND
from app.diary.sources.grid_engine_jobs import state_of
from app.diary.sources.grid_engine_text import details, moment, printed_accounting
from app.diary.sources.runner import scan_source, source_state
from app.diary.sources.source import JobSource
from tests.batch.diary import Diary, job_named
from tests.batch.grid_engine_jobs import FIRST, LAST
from tests.diary.recorded_commands import RECORDED, write_command

TEXTS = RECORDED / "grid_engine"
LONG_AGO = "first_days = 36500.0"
SUBMITTED = 1795883184  # Sat Nov 28 16:26:24 2026


@pytest.fixture
def commands(tmp_path: Path) -> Path:
    """The folder of the commands, and of the texts that they print."""
    (tmp_path / "bin").mkdir()
    return tmp_path / "bin"


def write_grid_engine(folder: Path, queue: Path, known: Path, ended: Path) -> None:
    """Write `qstat` and `qacct` that print the texts of these files."""
    write_command(folder, "qstat", f'case "$*" in *-xml*) cat {queue} ;; *) echo "$*" >> {folder}/asked; cat {known} ;; esac')
    write_command(folder, "qacct", f"cat {ended}")


def say(commands: Path, queue: str, ended: str = "", known: str = "") -> None:
    """Let the commands print these texts."""
    for name, text in (("queue", f"<job_info>\n{queue}</job_info>\n"), ("ended", ended), ("known", known)):
        (commands / f"{name}.txt").write_text(text)
    write_grid_engine(commands, commands / "queue.txt", commands / "known.txt", commands / "ended.txt")


def listed(number: int, letters: str = "qw", tasks: str = "", at: str = "2026-11-28T16:26:24") -> str:
    kind = "JAT_start_time" if "r" in letters else "JB_submission_time"
    more = f"<tasks>{tasks}</tasks>" if tasks else ""
    names = "<JB_name>j</JB_name><JB_owner>anna</JB_owner><queue_name></queue_name>"
    return f"<job_list><JB_job_number>{number}</JB_job_number>{names}<state>{letters}</state><{kind}>{at}</{kind}>{more}</job_list>\n"


def known(number: int, more: str = "") -> str:
    return f"{'=' * 62}\njob_number:                 {number}\nsubmission_time:            Sat Nov 28 16:26:24 2026\n{more}\n"


def line(number: int, failed: int = 0, exit_status: int = 0, task: int = 0, owner: str = "anna", ended: int = SUBMITTED + 60) -> str:
    """A line of the accounting file."""
    times = f"{SUBMITTED}:{SUBMITTED + 5 if ended else 0}:{ended}:{failed}:{exit_status}:55"
    usage = "0.005339:0.002745:4684.000000:0:0:0:0:478:0:0:0.000000:8:0:0:0:10:7"
    rest = f"NONE:defaultdepartment:NONE:1:{task}:0.008084:0.000000:0.000027:NONE:0.000000:NONE:3497984.000000:0:0"
    return f"main.q:node:users:{owner}:j:{number}:sge:0:{times}:{usage}:{rest}\n"


def source(commands: Path, **options: object) -> JobSource:
    return KIND.make("grid", {"environment": [f"PATH={commands}:/usr/bin:/bin"], "first_days": 36500.0, **options}, Settings())


def follow(found: JobSource, cursor: dict[str, Any]) -> list[Observation]:
    """The observations of a scan, whose cursor is put into this one as the hub keeps it."""
    scan = found.scan(dict(cursor))
    cursor.clear()
    cursor.update(json.loads(json.dumps(scan.cursor)))
    assert not scan.quarantined
    return list(scan.observations)


def states_of(found: list[Observation]) -> dict[str, str]:
    return {each.native_id: each.state for each in found}


def test_the_recorded_texts_of_a_real_grid_engine_give_the_rows_that_its_jobs_ask_for(hub: Settings, commands: Path) -> None:
    for state, expected in (("first", FIRST), ("last", LAST)):
        write_grid_engine(commands, TEXTS / state / "queue.xml", TEXTS / "details.txt", TEXTS / state / "qacct.txt")
        diary = Diary(hub, "grid-engine", commands, f"{LONG_AGO}\naccounting_s = 0.0")
        assert diary.rows() == expected
        assert diary.quarantined == 0
        cursor = json.loads(source_state("grid-engine").cursor) | {"since": 0.0}  # else the ends are older than the last scan
        DiarySource.update(cursor=json.dumps(cursor)).execute()
    good, never, colon, nowhere = (job_named(name) for name in ("good", "never", "colon", "nowhere"))
    assert good.submitted == datetime(2026, 11, 29, 11, 2, 42, tzinfo=UTC).timestamp()
    assert (good.user, good.value_of("labels")) == ("tester", {"host": "node", "queue": "main.q"})
    assert [parent.native_id for parent in parents_of(never)] == ["5"]
    assert colon.workdir == "/home/tester/co:lon dir"
    assert colon.value_of("logs") == [[f"/home/tester/co:lon dir/colon.{kind}12", "file"] for kind in "oe"]
    assert nowhere.reason.endswith("error: can't chdir to /no/such/folder: No such file or directory")
    assert job_named("waiting").reason == "It left the queue before it began"


def test_scans_that_show_the_same_change_nothing_and_ask_for_no_job_again(hub: Settings, commands: Path) -> None:
    write_grid_engine(commands, TEXTS / "first/queue.xml", TEXTS / "details.txt", TEXTS / "first/qacct.txt")
    diary = Diary(hub, "grid-engine", commands, LONG_AGO)
    diary.rows()
    events = DiaryEvent.select().count()
    (commands / "asked").unlink()
    assert diary.rows() == FIRST
    assert DiaryEvent.select().count() == events
    assert (commands / "asked").read_text() == "-j 10\n", "only the job with an error, whose reason may change"


def test_the_lines_of_a_real_accounting_file_say_what_qacct_says(commands: Path) -> None:
    say(commands, "")
    scan = source(commands, accounting=str(TEXTS / "accounting.txt")).scan({})
    (commands / "ended.txt").write_text((TEXTS / "last/qacct.txt").read_text())
    printed = source(commands).scan({})
    both = [
        sorted((each.native_id, each.state, each.exit_code, each.signal, each.name) for each in one.observations) for one in (scan, printed)
    ]
    assert both[0] == both[1]
    assert len(both[0]) == 10


@pytest.mark.parametrize(
    ("letters", "state"),
    [
        *((letters, "pending") for letters in ("qw", "w")),
        *((letters, "held") for letters in ("hqw", "hRwq", "Eqw", "Ehqw")),
        *((letters, "running") for letters in ("r", "t", "Rr", "Rt", "hr", "s", "ts", "S", "tS", "T", "dr", "dt", "dRr", "ds")),
        *((letters, "unknown") for letters in ("z", "", "?")),
    ],
)
def test_the_letters_of_qstat_have_their_states(letters: str, state: str) -> None:
    assert state_of(letters) == state


def test_a_running_job_keeps_the_submission_that_only_details_say(commands: Path) -> None:
    found, cursor = source(commands), dict[str, Any]()
    for queue in (listed(7, "r", at="2026-11-28T16:30:00"), listed(7, "r", at="2026-11-28T16:30:00")):
        say(commands, queue, known=known(7))
        (job,) = follow(found, cursor)
        assert (job.submitted, job.started) == (SUBMITTED, SUBMITTED + 216)
        known_of = cursor["jobs"]
    assert known_of == {"7": SUBMITTED}
    assert (commands / "asked").read_text() == "-j 7\n"


def test_an_id_that_comes_again_is_another_job(commands: Path) -> None:
    found, cursor = source(commands), dict[str, Any]()
    say(commands, listed(7), known=known(7))
    follow(found, cursor)
    say(commands, listed(7, at="2026-12-01T00:00:00"), known=known(7))
    (job,) = follow(found, cursor)
    assert job.submitted == datetime(2026, 12, 1, tzinfo=UTC).timestamp()


def test_a_job_that_ended_before_its_details_were_asked_for_is_no_error(commands: Path) -> None:
    say(commands, listed(7, "r"))
    write_command(
        commands,
        "qstat",
        f"case \"$*\" in *-xml*) cat {commands}/queue.txt ;; *) printf 'Following jobs do not exist: \\n7\\n' >&2; exit 1 ;; esac",
    )
    scan = source(commands).scan({})
    assert [(job.native_id, job.state, job.submitted) for job in scan.observations] == [("7", "running", 0)]
    assert (scan.quarantined, scan.complete) == ([], True)


def test_a_waiting_job_that_leaves_the_queue_without_accounting_was_deleted(commands: Path) -> None:
    (commands / "accounting").write_text("")
    found = source(commands, accounting_s=0.0, accounting=str(commands / "accounting"))
    cursor: dict[str, Any] = {}
    say(commands, listed(7, "hqw") + listed(8, tasks="1-5:2") + listed(9, "r"), known=known(7) + known(8) + known(9))
    assert states_of(follow(found, cursor)) == {"7": "held", "8.1": "pending", "8.3": "pending", "8.5": "pending", "9": "running"}
    (commands / "accounting").write_text(line(8, task=1))
    say(commands, listed(8, "r", "5"), known=known(8))
    assert states_of(follow(found, cursor)) == {"8.5": "running", "8.1": "done", "7": "cancelled", "8.3": "cancelled"}
    assert follow(found, cursor)[0].native_id == "8.5", "it is told once"
    assert cursor["left"] == {}


def test_a_job_is_deleted_only_when_accounting_has_had_its_time(commands: Path) -> None:
    found, cursor = source(commands, accounting_s=3600.0), dict[str, Any]()
    say(commands, listed(7), known=known(7))
    follow(found, cursor)
    say(commands, "")
    assert follow(found, cursor) == []
    cursor["left"]["7"][1] -= 3601
    assert states_of(follow(found, cursor)) == {"7": "cancelled"}


def test_a_job_that_could_not_begin_and_waits_in_the_error_state_has_not_ended(commands: Path) -> None:
    reason = "error reason          1:      can't chdir to /x"
    say(commands, listed(7, "Eqw"), known=known(7, reason))
    (commands / "accounting").write_text(line(7, failed=28, ended=0))
    (job,) = follow(source(commands, accounting=str(commands / "accounting")), {})
    assert (job.state, job.reason) == ("held", "can't chdir to /x")


def test_a_rescheduled_job_waits_again(commands: Path) -> None:
    say(commands, "")
    (commands / "accounting").write_text(line(7, failed=25))
    assert states_of(follow(source(commands, accounting=str(commands / "accounting")), {})) == {"7": "pending"}


def test_an_accounting_file_is_read_on_and_again_when_it_was_replaced(commands: Path) -> None:
    path = commands / "accounting"
    found, cursor = source(commands, accounting=str(path)), dict[str, Any]()
    say(commands, "")
    path.write_text("# Version: 8.1.9\n" + line(1) + line(2)[:50])
    assert states_of(follow(found, cursor)) == {"1": "done"}, "the second line is still written"
    with path.open("a") as file:
        file.write(line(2)[50:] + line(3, 0, 7))
    assert states_of(follow(found, cursor)) == {"2": "done", "3": "failed"}
    assert follow(found, cursor) == []
    path.rename(commands / "accounting.0")
    assert follow(found, cursor) == [], "no job has ended since"
    path.write_text(line(4))
    assert states_of(follow(found, cursor)) == {"4": "done"}


def test_the_queue_is_shown_before_the_first_end_makes_the_accounting_file(hub: Settings, commands: Path) -> None:
    say(commands, listed(7, "r"), known=known(7))
    found = source(commands, accounting=str(commands / "accounting"))
    assert [scan_source(found, hub).quarantined for _ in range(3)] == [1, 0, 0]
    assert DiaryJob.get().state == "running"
    assert "no job has ended yet" in DiaryQuarantine.get().reason
    say(commands, "")
    (commands / "accounting").write_text(line(7))
    scan_source(found, hub)
    assert [(each.native_id, each.state) for each in DiaryJob.select()] == [("7", "done")]


def test_an_accounting_file_whose_folder_there_is_not_is_an_error(commands: Path) -> None:
    say(commands, "")
    with pytest.raises(CommandFailed, match="No such file or directory"):
        source(commands, accounting=str(commands / "absent" / "accounting")).scan({})
    with pytest.raises(BadSourceConfig, match="accounting must be a path that begins with /"):
        source(commands, accounting="accounting")


def test_a_grid_engine_in_which_no_job_has_ended_yet_is_no_error(commands: Path) -> None:
    say(commands, listed(7), known=known(7))
    write_command(commands, "qacct", "echo /sge/default/common/accounting: No such file or directory >&2; exit 1")
    assert states_of(follow(source(commands), {})) == {"7": "pending"}


def test_a_large_accounting_file_is_read_by_parts_without_losing_a_line(commands: Path) -> None:
    """The first scan begins near the end, within a line; later ones read all."""
    path = commands / "accounting"
    say(commands, "")
    path.write_text("".join(line(number) for number in range(1, 6001)))
    found, cursor = source(commands, accounting=str(path), max_mib=1), dict[str, Any]()
    first = [int(each.native_id) for each in follow(found, cursor)]
    assert first == list(range(first[0], 6001))
    assert 1 < first[0] < 6000 - (1 << 20) // len(line(6000)) + 2
    with path.open("a") as file:
        file.writelines(line(number) for number in range(6001, 16001))
    more: list[int] = []
    while part := follow(found, cursor):
        more += [int(each.native_id) for each in part]
    assert more == list(range(6001, 16001))


def test_only_the_jobs_of_the_users_of_the_options_are_taken(commands: Path) -> None:
    say(commands, "")
    (commands / "accounting").write_text(line(1, owner="anna") + line(2, owner="bert"))
    found = source(commands, accounting=str(commands / "accounting"), users=["anna"])
    assert states_of(follow(found, {})) == {"1": "done"}


def test_parts_of_a_parallel_job_are_not_its_end(commands: Path) -> None:
    say(commands, "")
    (commands / "accounting").write_text(line(1).replace(":NONE:3497984", ":1.node:3497984") + line(2))
    assert states_of(follow(source(commands, accounting=str(commands / "accounting")), {})) == {"2": "done"}


def test_logs_are_where_grid_engine_writes_them(commands: Path) -> None:
    where = "sge_o_home:                 /home/anna\ncwd:                        /data/a:b"
    paths = "stdout_path_list:           NONE:node:/tmp/$JOB_NAME.$JOB_ID.$TASK_ID,NONE:other:/x\nmerge:                      y"
    say(commands, listed(7, tasks="3") + listed(8), known=known(7, f"{where}\n{paths}") + known(8, where))
    array, plain = follow(source(commands), {})
    assert (array.workdir, array.logs) == ("/data/a:b", [("/tmp/j.7.3", "file")])
    assert plain.logs == [("/data/a:b/j.o8", "file"), ("/data/a:b/j.e8", "file")]


def test_a_missing_job_is_sought_in_all_of_accounting_and_odd_ids_reach_no_command(commands: Path) -> None:
    say(commands, "", (TEXTS / "last/qacct.txt").read_text())
    write_command(commands, "qacct", f'echo "$*" >> {commands}/sought; cat {TEXTS}/last/qacct.txt')
    submitted = int(datetime(2026, 11, 29, 11, 2, 42, tzinfo=UTC).timestamp())
    found = list(source(commands).probe([JobKey("1", submitted), JobKey("2", 5), JobKey("-x"), JobKey("é.1")]))
    assert states_of(found) == {"1": "done"}, "2 of another time is another job"
    assert (commands / "sought").read_text() == "-j 1\n-j 2\n"


def test_the_cursor_of_a_full_cluster_can_be_kept(commands: Path) -> None:
    jobs = [listed(9_000_000 + number) for number in range(2000)]
    say(commands, "".join(jobs) + "".join(listed(8_000_000 + number, tasks="100000-109999") for number in range(9)))
    scan = source(commands).scan({})
    assert len(list(scan.observations)) == 92_000
    assert len(json.dumps(scan.cursor)) < 1 << 20


def test_the_fixture_of_another_grid_engine_can_be_read(fixtures_dir: Path) -> None:
    text = (fixtures_dir / "batch/sge-8.1.9-output.txt").read_text()
    (job,) = details(text[text.index("=====") : text.index("owner        tester")]).values()
    assert (job["job_number"], job["owner"], job["exec_file"]) == ("3", "tester", "job_scripts/3")
    assert moment(job["submission_time"]) == SUBMITTED + 1


def test_a_date_of_another_kind_is_quarantined_with_its_record() -> None:
    text = (TEXTS / "last/qacct.txt").read_text().replace("Sun Nov 29 11:02:42 2026", "Dim 29 nov 2026", 1)
    found, torn = printed_accounting(text)
    assert (len(found), len(torn)) == (9, 1)


def test_labels_that_are_in_names_are_labels_of_waiting_and_of_ended_jobs(commands: Path) -> None:
    say(commands, listed(7).replace(">j<", ">harvest_367123<"), known=known(7))
    (commands / "accounting").write_text(line(8).replace(":j:", ":harvest_367124:"))
    found = source(commands, accounting=str(commands / "accounting"), labels=["run=harvest_([0-9]+)"])
    assert [(each.labels or {})["run"] for each in follow(found, {})] == ["367123", "367124"]
