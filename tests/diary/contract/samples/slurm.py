"""The output of squeue and of sacct."""

from __future__ import annotations

from pathlib import Path

from app.diary.sources.slurm_text import FIELD, RECORD, SACCT, SQUEUE
from tests.diary.contract.sample import ENDLESS, Options, TextSample
from tests.diary.recorded_commands import write_command

VALUES = {
    "JobName": "night é",
    "User": "anna",
    "Account": "cms",
    "Partition": "debug",
    "Submit": "1700000000",
    "NodeList": "node7",
    "Start": "1700000006",
    "End": "1700000076",
    "WorkDir": "/home/anna",
    "Reason": "None",
    "ExitCode": "0:0",
    "ElapsedRaw": "70",
}


def of_queue(number: str, state: str, **more: str) -> bytes:
    """A job as `squeue` prints it."""
    values = VALUES | {"JobID": number, "State": state, "Dependency": "afterok:7(unfulfilled)"} | more
    return (RECORD + "".join(values.get(name, "(null)") + FIELD for name in SQUEUE)).encode()


def of_accounting(number: str, state: str, **more: str) -> bytes:
    """A job as `sacct` prints it."""
    return FIELD.join((VALUES | {"JobID": number, "State": state} | more).get(name, "") for name in SACCT).encode()


def options(queue: str, ended: str, path: Path) -> Options:
    """Commands that are these shell scripts."""
    folder = path.parent / "bin"
    write_command(folder, "squeue", f'case "$*" in *" -O "*) ;; *) exec {queue} ;; esac')
    write_command(folder, "sacct", f"exec {ended}")
    return {"environment": [f"PATH={folder}:/usr/bin:/bin"], "max_mib": 1}


QUEUE = [
    ("91001", "pending", of_queue("91001", "PENDING", Reason="Priority")),
    ("91002", "running", of_queue("91002", "RUNNING")),
    ("91003", "held", of_queue("91003", "PENDING", Reason="JobHeldUser")),
    ("91004_7", "running", of_queue("91004_7", "COMPLETING")),
    ("91005", "done", of_queue("91005", "COMPLETED")),
]
ACCOUNTING = [
    ("92000", "done", of_accounting("92000", "COMPLETED")),
    ("92001", "failed", of_accounting("92001", "FAILED", ExitCode="7:0")),
    ("92002", "failed", of_accounting("92002", "FAILED", ExitCode="0:11")),
    ("92003", "cancelled", of_accounting("92003", "CANCELLED by 0")),
    ("92004_1", "failed", of_accounting("92004_1", "TIMEOUT")),
]
SAMPLES = (
    TextSample(
        "slurm-queue",
        "slurm",
        QUEUE,
        lambda number: of_queue(str(30000 + number), "RUNNING"),
        lambda path: options(f"cat {path}", "true", path) | {"accounting": False},
    ),
    TextSample(
        "slurm-accounting",
        "slurm",
        ACCOUNTING,
        lambda number: of_accounting(str(30000 + number), "FAILED", ExitCode="3:0"),
        lambda path: options("true", f"cat {path}", path),
        waiting=ENDLESS,
    ),
)
