"""Logs of jobs of the demo: small files below the folder of its data."""

from __future__ import annotations

import re
import time
from dataclasses import replace
from pathlib import Path

from app.diary.demo.job import DemoJob
from app.diary.states import DONE, FAILED

ONE_IN = 12
"""Of the jobs that did not fail, one in so many has a log."""
STEPS = 12
_UNSAFE = re.compile(r"[^A-Za-z0-9._-]+")


def with_logs(jobs: list[DemoJob], folder: Path) -> list[DemoJob]:
    """The jobs, those that failed and some others with a log, which is written."""
    made = []
    for number, job in enumerate(jobs):
        if job.last.started and not job.last.logs and (job.last.state == FAILED or number % ONE_IN == 0):
            path = folder / job.source / f"{_UNSAFE.sub('-', job.last.native_id)}.log"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(log_of(job))
            made.append(job._replace(last=replace(job.last, logs=[(str(path), "stdout")])))
        else:
            made.append(job)
    return made


def log_of(job: DemoJob) -> str:
    """What a job has written until it was seen last."""
    last = job.last
    begin = last.started or last.seen
    labels = ", ".join(f"{name} {value}" for name, value in sorted((last.labels or {}).items()))
    lines = [f"{_clock(begin)} {last.kind} {last.name} begins: {labels}"]
    for step in range(1, STEPS + 1):
        at = begin + (last.seen - begin) * step / (STEPS + 1)
        lines.append(f"{_clock(at)} step {step} of {STEPS}: {step * 100} events read")
    if last.state == FAILED:
        lines += ["----- Begin Fatal Exception -----", f"{last.reason}", "----- End Fatal Exception -----"]
        lines.append(f"{_clock(last.seen)} ended with exit code {last.exit_code}")
    elif last.state == DONE:
        lines.append(f"{_clock(last.seen)} ended well")
    return "\n".join([*lines, ""])


def _clock(at: float) -> str:
    return time.strftime("%d-%b-%Y %H:%M:%S UTC", time.gmtime(at))
