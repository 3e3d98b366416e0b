"""The output of qstat and of qacct, and the accounting file."""

from __future__ import annotations

from pathlib import Path

from tests.diary.contract.sample import ENDLESS, Options, TextSample
from tests.diary.recorded_commands import write_command

TIME = "Sat Nov 28 16:26:24 2026"
DETAILS = f"""\
for id in $(echo "$2" | tr , ' '); do
    printf '==============================\\njob_number:                 %s\\n' "$id"
    printf 'submission_time:            {TIME}\\nsge_o_home:                 /home/anna\\n'
done"""


def of_queue(number: int, letters: str, tasks: str = "") -> bytes:
    """A job as `qstat -xml` prints it."""
    when = "JAT_start_time" if "r" in letters else "JB_submission_time"
    second = 30 if "r" in letters else 24
    return f"""\
    <job_list state="x">
      <JB_job_number>{number}</JB_job_number>
      <JAT_prio>0.75000</JAT_prio>
      <JB_name>night &amp; day é</JB_name>
      <JB_owner>anna</JB_owner>
      <state>{letters}</state>
      <{when}>2026-11-28T16:26:{second}</{when}>
      <queue_name>main.q@node7</queue_name>
      <slots>1</slots>
{f"      <tasks>{tasks}</tasks>" if tasks else ""}
    </job_list>""".encode()


def of_accounting(number: int, failed: str, exit_status: str) -> bytes:
    """A job as `qacct -j` prints it."""
    times = f"qsub_time    {TIME}\nstart_time   Sat Nov 28 16:26:30 2026\nend_time     Sat Nov 28 16:27:30 2026"
    names = f"qname        main.q\nhostname     node7\nowner        anna\nproject      NONE\njobname      night é\njobnumber    {number}"
    rest = f"failed       {failed}\nexit_status  {exit_status}\nru_wallclock 60s\ncpu          1.5s"
    return f"{'=' * 62}\n{names}\ntaskid       undefined\n{times}\n{rest}".encode()


def of_file(number: int, failed: int, exit_status: int) -> bytes:
    """A line of the accounting file."""
    times = f"1795883184:1795883190:1795883250:{failed}:{exit_status}:60"
    usage = "0.005339:0.002745:4684.000000:0:0:0:0:478:0:0:0.000000:8:0:0:0:10:7"
    rest = "NONE:defaultdepartment:NONE:1:0:0.008084:0.000000:0.000027:NONE:0.000000:NONE:3497984.000000:0:0"
    return f"main.q:node7:users:anna:night é:{number}:sge:0:{times}:{usage}:{rest}".encode()


def options(queue: str, ended: str, path: Path) -> Options:
    """Commands that are these shell scripts."""
    folder = path.parent / "bin"
    write_command(folder, "qstat", f'case "$*" in *-xml*) exec {queue} ;; *) {DETAILS} ;; esac')
    write_command(folder, "qacct", f"exec {ended}")
    return {"environment": [f"PATH={folder}:/usr/bin:/bin"], "max_mib": 1, "first_days": 36500.0}


QUEUE = [
    ("91001", "pending", of_queue(91001, "qw")),
    ("91002", "running", of_queue(91002, "r")),
    ("91003", "held", of_queue(91003, "hqw")),
    ("91004.7", "running", of_queue(91004, "r", "7")),
    ("91005", "held", of_queue(91005, "Eqw")),
]
ACCOUNTING = [
    ("92000", "done", of_accounting(92000, "0", "0")),
    ("92001", "failed", of_accounting(92001, "0", "7")),
    ("92002", "failed", of_accounting(92002, "100 : assumedly after job", "139                  (Segmentation fault)")),
]
FILE = [
    ("93000", "done", of_file(93000, 0, 0)),
    ("93001", "failed", of_file(93001, 0, 7)),
    ("93002", "failed", of_file(93002, 100, 139)),
]
SAMPLES = (
    TextSample(
        "grid-engine-queue",
        "grid-engine",
        QUEUE,
        lambda number: of_queue(30000 + number, "r"),
        lambda path: options(f"cat {path}", "true", path),
        before=b"<?xml version='1.0'?>\n<job_info>\n  <queue_info>\n",
        after=b"\n  </queue_info>\n</job_info>\n",
    ),
    TextSample(
        "grid-engine-qacct",
        "grid-engine",
        ACCOUNTING,
        lambda number: of_accounting(30000 + number, "0", "3"),
        lambda path: options("true", f"cat {path}", path),
        waiting=ENDLESS,
    ),
    TextSample(
        "grid-engine-file",
        "grid-engine",
        FILE,
        lambda number: of_file(30000 + number, 0, 3),
        lambda path: options("true", "true", path) | {"accounting": str(path)},
    ),
)
