"""State shown on the pages of an ongoing run: its progress, the age of the data, and why no new data arrive."""

from __future__ import annotations

import time
from typing import NamedTuple

from app.core.heartbeat import Service, is_alive
from app.gui.catalog.catalog import Freshness, OpenSample
from app.gui.event_info import event_info
from app.gui.pages.readable import readable_value
from app.gui.samples import LARGEST
from app.web.arguments import parse_int

STALE_S = 60.0
"""Age of data without a new file that needs a reason: a lumisection takes 23 s, and each has a file."""

FACTS = {"iRun": "Run", "iLumiSection": "Lumisection", "iEvent": "Event"}
"""Names of numbers in the folder `EventInfo`, and their labels."""


class LiveState(NamedTuple):
    """State of an ongoing run."""

    version: str  # changes with everything that the page shows, except the age
    age_s: float | None  # time since the file was written; None before the first file
    reason: str  # why no new data arrive, "" while they do
    facts: list[tuple[str, str]]  # label and text: run, lumisection, event
    run: int  # the number of the run by its monitor elements; 0 if they have none


def live_state(freshness: Freshness, sample: OpenSample | None = None) -> LiveState:
    """The present state; without a sample it has no facts."""
    age = None if freshness.changed is None else max(0.0, time.time() - freshness.changed)
    reason = _reason(freshness, age)
    values = _values(sample) if sample else {}
    facts = [(FACTS[name], readable_value(name, value)) for name, value in values.items()]
    return LiveState(f"{freshness.version}-{reason.partition(':')[0]}", age, reason, facts, parse_int(values.get("iRun", ""), LARGEST) or 0)


def _reason(freshness: Freshness, age: float | None) -> str:
    if freshness.problem:
        return f"Cannot read the newest file: {freshness.problem}"
    if freshness.is_importing and not _importer_runs():
        return "A newer file is waiting: the live service is not running, see Status"
    if age is None or age < STALE_S:
        return ""
    if freshness.is_importing:
        return "A newer file is being read"
    return "No new file. The run has probably ended; otherwise DQM jobs or file transfer have stalled"


def _importer_runs() -> bool:
    return Service.select().where(Service.name == "live", is_alive()).exists()


def _values(sample: OpenSample) -> dict[str, str]:
    _, found = event_info(sample, FACTS)
    return {name: sample.scalar(index) for name, index in found.items()}
