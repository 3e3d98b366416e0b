"""Runs of the simulated P5, and the files that the BU receives for them."""

from __future__ import annotations

from dataclasses import dataclass, field
from random import Random
from typing import Any

from .logs import lumi_lines
from .machines import STREAMS

LUMI_S = 23.310893056
"""Length of a lumisection, seconds."""

COLUMNS = ("lumis", "mtimes", "ctimes", "evt_processed", "evt_accepted", "fsize")
ACCEPTED = {"streamDQM": 0.13, "streamDQMGPUvsCPU": 0.12, "streamDQMEventDisplay": 0.0002, "streamDQMCalibration": 0.017}
"""Fraction of the events that a stream keeps; histograms count every event."""


@dataclass(frozen=True)
class JobFault:
    """A fault of a client in a run."""

    kind: str  # crash, stuck: reports no more, blind: reads no lumisections; "": no fault
    lumi: int = 0  # first lumisection with the fault
    code: int = 0  # exit code of a crash
    always: bool = False  # restarted jobs have the fault, too


@dataclass(frozen=True)
class RunPlan:
    """Plan of a run."""

    key: str
    lumis: int  # length
    faults: dict[str, JobFault] = field(default_factory=dict)  # by tag of the client
    clients: bool = True  # False: a run without jobs
    release: int = 0  # index of the releases of the system
    hltd_restart: int = 0  # lumisection at which hltd restarts on the first FU; 0: never
    step: int = 0  # difference of the number of the next production run; 0: random, 1 to 3


@dataclass
class Run:
    """One run, with the files delivered so far."""

    number: int
    source: int  # run number in the data; differs from `number` in playback
    plan: RunPlan
    release: str
    unique_key: str
    started: float
    random: Random
    merger: str  # name of the merging machine in file names
    holes: tuple[int, ...] = ()  # lumisections without files
    ended: float | None = None
    last_lumi: int = 0
    read_lumis: list[tuple[int, float, list[str]]] = field(default_factory=list)  # lumisection, arrival, log lines of jobs that read it
    streams: dict[str, dict[str, list[Any]]] = field(default_factory=dict)  # COLUMNS of files by stream

    def deliver(self) -> float:
        """Write the files of the next lumisection; returns the time at which the file of the DQM stream arrives."""
        self.last_lumi += 1
        lumi = self.last_lumi
        ends = self.started + lumi * LUMI_S
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
        self.read_lumis.append((lumi, ends + late, lumi_lines(self.number, lumi, ends + late + 5)))
        return ends + late

    def _lag(self, stream: str) -> float:
        """Delay of a stream relative to the DQM stream, s: histograms are merged last."""
        if stream == "streamDQMHistograms":
            return self.random.choice((1.0, 6.0, 23.5, 29.0))
        return -self.random.uniform(0, 5) if stream == "streamDQMEventDisplay" else self.random.uniform(0, 1)

    def files(self, now: float) -> dict[str, dict[str, list[Any]]]:
        """The files that arrived until a time, by stream."""
        found = {}
        for name, columns in self.streams.items():
            present = [index for index, arrived in enumerate(columns["mtimes"]) if arrived <= now]
            found[name] = {column: [values[index] for index in present] for column, values in columns.items()}
        return found
