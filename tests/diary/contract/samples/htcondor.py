"""The output of condor_q and of condor_history."""

from __future__ import annotations

import json
from pathlib import Path

from tests.diary.contract.sample import Options, TextSample


def ad(cluster: int, status: int, **more: object) -> bytes:
    """A job ad as the commands print it."""
    ad = {"ClusterId": cluster, "Cmd": "/home/anna/run.sh", "JobStatus": status, "Owner": "anna", "ProcId": 0, "QDate": 1795883184}
    return json.dumps(ad | {"EnteredCurrentStatus": 1795883200, "Iwd": "/home/anna", "Out": "out.txt"} | more, indent=2).encode()


def of_queue(path: Path) -> Options:
    return {"queue": ["sh", "-c", 'cat "$0"', str(path)], "history": [], "max_mib": 1}


def of_history(path: Path) -> Options:
    return {"queue": ["true"], "history": ["sh", "-c", 'cat "$0"', str(path)], "max_mib": 1}


QUEUE = [
    ("91001.0", "pending", ad(91001, 1)),
    ("91002.0", "running", ad(91002, 2, RemoteHost="slot1@node7")),
    ("91005.0", "held", ad(91005, 5, HoldReason="Out of disk")),
    ("91006.0", "running", ad(91006, 6)),
    ("91007.0", "running", ad(91007, 7)),
]
HISTORY = [
    ("92000.0", "done", ad(92000, 4, ExitCode=0, ExitBySignal=False, CompletionDate=1795883260)),
    ("92001.0", "failed", ad(92001, 4, ExitCode=7, ExitBySignal=False, CompletionDate=1795883260)),
    ("92002.0", "failed", ad(92002, 4, ExitSignal=11, ExitBySignal=True, CompletionDate=1795883260)),
    ("92003.0", "cancelled", ad(92003, 3, RemoveReason="via condor_rm (by user anna)")),
]
AROUND = {"before": b"[\n", "between": b"\n,\n", "after": b"\n]\n"}
ENDLESS = ["sh", "-c", "exec sleep 3600"]
SAMPLES = (
    TextSample(
        "condor-queue",
        "htcondor",
        QUEUE,
        lambda number: ad(30000 + number, 2, RemoteHost="slot1@node9"),
        of_queue,
        waiting={"queue": ENDLESS, "timeout_s": 1.0},
        **AROUND,
    ),
    TextSample(
        "condor-history",
        "htcondor",
        HISTORY,
        lambda number: ad(30000 + number, 4, ExitCode=3, ExitBySignal=False, CompletionDate=1795883260),
        of_history,
        waiting={"queue": ["true"], "history": ENDLESS, "timeout_s": 1.0},
        **AROUND,
    ),
)
