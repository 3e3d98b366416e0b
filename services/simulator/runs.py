"""Runs of the stand-in P5 and the files that the BU is sent for them."""

from __future__ import annotations

from dataclasses import dataclass, field
from random import Random
from typing import Any

from .logs import lumi_lines
from .machines import STREAMS

LUMI = 23.310893056
"""Length of a lumisection, seconds."""

COLUMNS = ("lumis", "mtimes", "ctimes", "evt_processed", "evt_accepted", "fsize")
ACCEPTED = {"streamDQM": 0.13, "streamDQMGPUvsCPU": 0.12, "streamDQMEventDisplay": 0.0002, "streamDQMCalibration": 0.017}
"""Part of the events that a stream keeps; histograms count every event."""


@dataclass(frozen=True)
class Fate:
    """What befalls a client in a run: `crash` (exit code, and whether each attempt crashes), `stuck` or `blind`, at a lumisection."""

    kind: str
    lumi: int = 0
    code: int = 0
    always: bool = False


@dataclass(frozen=True)
class Plan:
    """How a run goes: its key, its length in lumisections, what befalls clients, and when hltd is restarted on the first FU."""

    key: str
    lumis: int
    fates: dict[str, Fate] = field(default_factory=dict)
    clients: bool = True
    release: int = 0
    hltd_restart: int = 0


@dataclass
class Run:
    """One run: numbers, and the files delivered for it so far; `source` is the run number in the data.

    `read` has what jobs read: the lumisection, when its file is there, and what they write into their logs about it.
    """

    number: int
    source: int
    plan: Plan
    release: str
    unique_key: str
    started: float
    random: Random
    merger: str
    holes: tuple[int, ...] = ()
    ended: float | None = None
    last_lumi: int = 0
    read: list[tuple[int, float, list[str]]] = field(default_factory=list)
    streams: dict[str, dict[str, list[Any]]] = field(default_factory=dict)

    def deliver(self) -> float:
        """Write the files of the next lumisection; returns the time at which the DQM stream's file is there."""
        self.last_lumi += 1
        lumi = self.last_lumi
        ends = self.started + lumi * LUMI
        if lumi in self.holes:
            return ends
        late = self.random.uniform(18, 24) + (self.random.uniform(10, 30) if self.random.random() < 0.06 else 0)
        processed = int(self.random.gauss(11000, 300))
        for stream in STREAMS:
            arrives = ends + late + self._lag(stream)
            accepted = processed if stream == "streamDQMHistograms" else int(processed * ACCEPTED[stream] * self.random.uniform(0.95, 1.05))
            columns = self.streams.setdefault(f"{stream}_{self.merger}", {name: [] for name in COLUMNS})
            row = (lumi, arrives, arrives, processed, accepted, 350000 + accepted * 270)
            for name, value in zip(COLUMNS, row, strict=True):
                columns[name].append(value)
        self.read.append((lumi, ends + late, lumi_lines(self.number, lumi, ends + late + 5)))
        return ends + late

    def _lag(self, stream: str) -> float:
        """How much later than the first stream another one comes: histograms are merged last."""
        if stream == "streamDQMHistograms":
            return self.random.choice((1.0, 6.0, 23.5, 29.0))
        return -self.random.uniform(0, 5) if stream == "streamDQMEventDisplay" else self.random.uniform(0, 1)

    def files(self, now: float) -> dict[str, dict[str, list[Any]]]:
        """The files that are there at a time, by stream."""
        found = {}
        for name, columns in self.streams.items():
            there = [index for index, arrived in enumerate(columns["mtimes"]) if arrived <= now]
            found[name] = {column: [values[index] for index in there] for column, values in columns.items()}
        return found
