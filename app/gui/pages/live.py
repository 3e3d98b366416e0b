"""What the pages of a run that goes on say of it: where the run is, how old the data are, and why nothing new comes."""

from __future__ import annotations

import time
from typing import NamedTuple

from peewee import fn

from app.core.database import rows
from app.core.heartbeat import SILENT_S, Service
from app.formats import Kind
from app.gui.catalog.catalog import OpenSample, Pulse

STALE_S = 60.0
"""A lumisection takes 23 s, and each brings a new file: after this time something is the matter."""

SHOWN = {b"iRun": "Run", b"iLumiSection": "Lumisection", b"iEvent": "Event"}
"""Numbers of Info/EventInfo, or of EventInfo of any other folder, and their names on the page."""


class Live(NamedTuple):
    """version: changes with all that the page shows but the age; age_s: seconds since the file was written, None before the first;
    reason: why nothing new comes, "" while all is well; facts: name and text of where the run is."""

    version: str
    age_s: float | None
    reason: str
    facts: list[tuple[str, str]]


def live_state(pulse: Pulse, sample: OpenSample | None = None) -> Live:
    """What is to be said now; without a sample there are no facts."""
    age = None if pulse.changed is None else max(0.0, time.time() - pulse.changed)
    reason = _reason(pulse, age)
    return Live(f"{pulse.version}-{reason.partition(':')[0]}", age, reason, _facts(sample) if sample else [])


def _reason(pulse: Pulse, age: float | None) -> str:
    if pulse.problem:
        return f"The newest file cannot be read: {pulse.problem}"
    if pulse.reading and not _reader_runs():
        return "A newer file waits to be read: the service that does this (live) is not running, see Status"
    if age is None or age < STALE_S:
        return ""
    if pulse.reading:
        return "A newer file is being read"
    return "No newer file was written: most likely the run has ended; otherwise the DQM jobs, or the copying of their files, stand still"


def _reader_runs() -> bool:
    ((seen,),) = rows(Service.select(fn.MAX(Service.seen)).where(Service.name == "live"))
    return seen is not None and time.time() - seen < SILENT_S


def _facts(sample: OpenSample) -> list[tuple[str, str]]:
    found = []
    for name, shown in SHOWN.items():
        index = sample.names.find(b"Info/EventInfo/" + name)
        if index is None:
            index = next(iter(sample.names.search([f"EventInfo/{name.decode()}"], 1)), None)
        if index is not None and Kind(sample.columns.kind[index]).scalar:
            found.append((shown, sample.facts.scalars.get(index, "")))
    return found
