"""Tables for scripts and spreadsheets: runs with their files and jobs, files of a run."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple

from app.square.models import Run
from app.square.run_files import DeliveredFile, RunFiles, files_of_run, spread_of

FILE_HEADINGS = ("stream", "lumisection", "mtime", "delivery_delay_s", "events_processed", "events_accepted", "bytes")


class RunSummary(NamedTuple):
    """A line of the table of runs. Times are Unix s UTC."""

    run: int
    run_key: str
    cmssw: str
    first: float
    last: float
    last_lumisection: int | None
    files: int
    bytes: int
    events_accepted: int
    max_accepted_per_lumisection: int | None
    file_delivery_mean_s: float | None
    file_delivery_sigma_s: float | None
    jobs: int
    jobs_crashed: int
    clients: int
    clients_down: int


RUN_HEADINGS = RunSummary._fields


def run_summary(system: str, run: Run) -> RunSummary:
    """The summary of a run."""
    files = [file for stream in files_of_run(system, run.run).streams for file in stream.files]
    delay = spread_of(file.delay for file in files if file.delay is not None)
    accepted = [file.accepted for file in files if file.accepted is not None]
    return RunSummary(
        run=run.run,
        run_key=run.runkey,
        cmssw=run.cmssw,
        first=run.first,
        last=run.last,
        last_lumisection=_last_lumi(run, files),
        files=len(files),
        bytes=sum(file.bytes or 0 for file in files),
        events_accepted=sum(accepted),
        max_accepted_per_lumisection=max(accepted, default=None),
        file_delivery_mean_s=delay.mean,
        file_delivery_sigma_s=delay.sigma,
        jobs=run.jobs,
        jobs_crashed=run.crashed + run.failed,
        clients=run.clients,
        clients_down=run.crashed,
    )


def _last_lumi(run: Run, files: list[DeliveredFile]) -> int | None:
    lumis = [file.lumi for file in files] + ([run.lumi] if run.lumi is not None else [])
    return max(lumis, default=None)


def runs_table(system: str, runs: Iterable[Run]) -> Iterable[tuple[Any, ...]]:
    """The table of runs with its headings."""
    yield RUN_HEADINGS
    for run in runs:
        yield run_summary(system, run)


def files_table(files: RunFiles) -> Iterable[tuple[Any, ...]]:
    """The table of the files of a run with its headings."""
    yield FILE_HEADINGS
    for stream in files.streams:
        for file in stream.files:
            yield (stream.name, *file)
