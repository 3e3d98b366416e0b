"""Folders of the unfinished simulations of the demo, by which its source `simulation` finds them, and its configuration."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from app.diary.demo.batch import SIMULATION
from app.diary.demo.job import DemoJob
from app.diary.observations.observation import Observation
from app.diary.states import HELD, PENDING, RUNNING

STATES = (RUNNING, PENDING, HELD)
"""The states of jobs that have a folder, as the rules of the source have them: the first trace counts."""
TIME_FORMAT = "%Y-%m-%d %H:%M:%S"

_HEAD = f"""\
# A source of the demo: unfinished simulations, by folders named after their state and id.
kind = "directory"
job_kind = "{SIMULATION}"
logs = '.*\\.log'

[readme]
pattern = "README"
time_format = "{TIME_FORMAT}"
keys = {{ name = "File:", user = "User:", project = "Campaign:", submitted = "Submitted:", started = "Started:", parents = "Base runs:" }}
"""
_RULE = """
[[rules]]
state = "{state}"
folder = "{folder}"
pattern = '(?P<id>\\d+)'
only_directories = true
"""


def with_folders(jobs: list[DemoJob], folder: Path) -> Iterator[DemoJob]:
    """The jobs, the unfinished simulations with their folders below `folder`, which are made."""
    for state in STATES:
        (folder / state).mkdir(parents=True, exist_ok=True)
    for job in jobs:
        if job.source == SIMULATION and job.last.state in STATES:
            place = folder / job.last.state / job.last.native_id
            place.mkdir(exist_ok=True)
            (place / "README").write_text(_readme(job.last))
            (place / "step1.log").write_text("".join(f"{step * 100} events simulated\n" for step in range(1, 9)))
            yield job._replace(last=replace(job.last, workdir=str(place), logs=[(str(place / "step1.log"), "log")]))
        else:
            yield job


def write_config(path: Path, folder: Path) -> None:
    """Write the configuration of the source of these folders."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(_HEAD + "".join(_RULE.format(state=state, folder=folder / state) for state in STATES))


def _readme(job: Observation) -> str:
    times = [("Submitted", job.submitted), ("Started", job.started)]
    lines = [f"File: {job.name}", f"User: {job.user}", f"Campaign: {job.project}"]
    lines += [f"{name}: {time.strftime(TIME_FORMAT, time.gmtime(at))}" for name, at in times if at]
    return "\n".join([*lines, f"Base runs: {' '.join(parent.native_id for parent in job.parents or ())}", ""])
