"""The folder `EventInfo` of a subsystem: numbers and texts with which its DQM process describes the run and itself.

The module DQMEventInfo of CMSSW writes them, each process into the folder of its subsystem, and again after each event. A value
of -1 was never filled.
"""

from __future__ import annotations

import math
import time
from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

from app.formats import Kind, Subfolder
from app.gui.catalog.catalog import OpenSample

FOLDER = b"/EventInfo/"
"""Follows the name of the subsystem in the paths."""

FIRST_SUBSYSTEMS = (b"Info", b"HLT")
"""Subsystems whose processes describe the run first; the others do in samples without them."""

BEHIND_S = 120.0
"""A process is behind if its last event is older than that of another one by more than this."""
BEHIND_LUMIS = 5
"""A process is behind if it has fewer lumisections than another one by more than this."""
AHEAD_S = 60.0
"""The clock of a process is ahead if its last event is later than the file that has it by more than this."""
STALLED_S = 300.0
"""A process has stalled if its last event is older than this, and that of another one is not."""

UNFILLED = ("", "-1")
"""Texts of values that were never filled."""


def event_info(sample: OpenSample, names: Iterable[str]) -> tuple[bytes, dict[str, int]]:
    """The folder `EventInfo` that describes the run, and the numbers and texts of these names in it as indices of MEs.

    It is that of the first subsystem with one of them, of which FIRST_SUBSYSTEMS come first; (b"", {}) if none has any.
    """
    wanted = [(name, name.encode()) for name in names]
    for subsystem in _subsystems(sample):
        first, last = sample.names.below(subsystem + FOLDER[:-1])
        if first == last:
            continue
        indices = ((name, sample.names.find(subsystem + FOLDER + encoded, first, last)) for name, encoded in wanted)
        if found := {name: index for name, index in indices if index is not None and Kind(sample.columns.kind[index]).scalar}:
            return subsystem + FOLDER[:-1], found
    return b"", {}


def _subsystems(sample: OpenSample) -> Iterator[bytes]:
    yield from FIRST_SUBSYSTEMS
    yield from (each.name for each in sample.names.folder(b"").subfolders)


class Update(NamedTuple):
    """How current the plots of a subsystem of an ongoing run are."""

    lumi: int | None  # of the last event
    age_s: float | None  # time since the last event was processed, or since the file was written if the clock of the process is ahead
    old_run: int | None  # the run of the last event if others have a later one
    is_behind: bool  # see BEHIND_S and BEHIND_LUMIS
    is_stalled: bool  # see STALLED_S
    at: float | None  # when the last event was processed, Unix s UTC, not after the file was written
    is_ahead: bool  # see AHEAD_S

    @property
    def is_late(self) -> bool:
        """Whether the plots of the subsystem miss what others have."""
        return self.is_behind or self.is_stalled or self.old_run is not None


def updates(sample: OpenSample, subsystems: Iterable[Subfolder]) -> dict[bytes, Update]:
    """How current each of these top folders is, by its name; without those that have no `EventInfo` with the run or a time."""
    now = time.time()
    found = {each.name: values for each in subsystems if any(values := _values(sample, each))}
    return compare(found, now)


class ProcessState(NamedTuple):
    """The last event of a process; None for what is unknown."""

    run: int | None
    lumi: int | None
    at: float | None  # when it was processed, Unix s UTC, not after the file was written
    is_ahead: bool = False  # see AHEAD_S


def newest_event(sample: OpenSample) -> ProcessState:
    """The run, the lumisection and the time of the newest event of all processes; None for what none of them says."""
    states = [_values(sample, each) for each in sample.names.folder(b"").subfolders]
    run = max((state.run for state in states if state.run is not None), default=None)
    current = [state for state in states if state.run in (None, run)]
    lumi = max((state.lumi for state in current if state.lumi is not None), default=None)
    return ProcessState(run, lumi, max((state.at for state in current if state.at is not None), default=None))


def _values(sample: OpenSample, subsystem: Subfolder) -> ProcessState:
    """The last event of the process of a subsystem. It cannot be newer than the file: then the clock of the process is ahead."""
    written = min(sample.file_version.mtime_ns / 1e9, time.time())
    path = subsystem.name + FOLDER
    lumi = sample.names.find(path + b"iLumiSection", subsystem.first, subsystem.last)
    first = subsystem.first if lumi is None else lumi  # the others are after it
    run = sample.names.find(path + b"iRun", first, subsystem.last)
    stamp = _number(sample, sample.names.find(path + b"processTimeStamp", first, subsystem.last))
    at = min(stamp, written) if stamp else None
    return ProcessState(_whole(_number(sample, run)), _whole(_number(sample, lumi)), at, bool(stamp and stamp > written + AHEAD_S))


def _number(sample: OpenSample, index: int | None) -> float | None:
    """The value of a number; None for one that was never filled, and for a text."""
    try:
        number = math.nan if index is None else float(sample.facts.scalars.get(index, ""))
    except ValueError:
        return None
    return number if 0 <= number < math.inf else None


def _whole(number: float | None) -> int | None:
    return None if number is None else int(number)


def compare(states: Mapping[bytes, ProcessState], now: float) -> dict[bytes, Update]:
    """How current each process is beside the others; at `now`, Unix s UTC."""
    newest_run = max((state.run for state in states.values() if state.run is not None), default=None)
    current = [state for state in states.values() if state.run in (None, newest_run)]
    lumi = max((state.lumi for state in current if state.lumi is not None), default=0)
    at = max((state.at for state in states.values() if state.at is not None), default=0.0)
    return {name: _update(state, ProcessState(newest_run, lumi, at), now) for name, state in states.items()}


def _update(state: ProcessState, newest: ProcessState, now: float) -> Update:
    old_run = None if state.run == newest.run else state.run
    at, newest_at = state.at, newest.at or 0.0
    misses_lumis = old_run is None and state.lumi is not None and (newest.lumi or 0) - state.lumi > BEHIND_LUMIS
    is_old = at is not None and newest_at - at > BEHIND_S
    is_stalled = at is not None and now - at > STALLED_S >= now - newest_at
    age_s = None if at is None else now - at
    return Update(state.lumi, age_s, old_run, misses_lumis or is_old, is_stalled, at, state.is_ahead)
