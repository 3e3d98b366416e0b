"""Runs summed up, one line each: delivery of files, events, jobs; and tables as CSV."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable
from typing import Any

from app.square import charts
from app.square.models import Run

COLUMNS = (
    "run", "run_key", "cmssw", "first", "last", "last_lumisection", "files", "bytes", "events_accepted", "max_accepted_per_lumisection",
    "file_delivery_mean_s", "file_delivery_sigma_s", "jobs", "jobs_crashed",
)  # fmt: skip
"""What is known of a run, in the order of the table."""


def of_run(system: str, run: Run) -> tuple[Any, ...]:
    """The line of one run; times are Unix s UTC."""
    found = [file for stream in charts.files(system, run.run).streams for file in stream.files]
    delay = charts.spread(file.delay for file in found if file.delay is not None)
    accepted = [file.accepted for file in found if file.accepted is not None]
    lumis = [file.lumi for file in found] + ([run.lumi] if run.lumi is not None else [])
    return (
        run.run, run.runkey, run.cmssw, run.first, run.last, max(lumis, default=None), len(found), sum(file.bytes or 0 for file in found),
        sum(accepted), max(accepted, default=None), delay.mean, delay.sigma, run.jobs, run.crashed,
    )  # fmt: skip


def of_files(known: charts.Files) -> Iterable[tuple[Any, ...]]:
    """The lines of the table of files of a run, after its head."""
    yield ("stream", "lumisection", "mtime", "delivery_delay_s", "events_processed", "events_accepted", "bytes")
    for stream in known.streams:
        for file in stream.files:
            yield (stream.name, *file)


def csv_text(table: Iterable[Iterable[Any]]) -> str:
    """A table as CSV; a text that a spreadsheet would take for a formula has a ' before it."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    for line in table:
        writer.writerow(
            ["'" + cell if isinstance(cell, str) and cell.startswith(("=", "+", "-", "@", "\t", "\r")) else cell for cell in line]
        )
    return out.getvalue()
