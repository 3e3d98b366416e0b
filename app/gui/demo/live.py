"""Simulated online runs: every few seconds a new snapshot of the monitor elements, registered with the hub.

The program `dqmhub-demo` writes the snapshots. Runs follow each other, each with the next number, until the simulation is
stopped.
"""

from __future__ import annotations

import http.client
import json
import time
from dataclasses import dataclass
from itertools import cycle
from typing import TYPE_CHECKING

from app.formats import FORMATS
from app.gui.demo.make import Conditions, make_file
from app.gui.files.entries import ONLINE_DATASET

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path
    from threading import Event

RUNS = 100
"""Number of runs after which the first is repeated, which bounds the number of files."""

PAUSE_PERIODS = 3
"""Periods without a snapshot between two runs."""

_RETRY_S = 1.0
_TIMEOUT_S = 30.0
RELEASE = "CMSSW_13_0_7"
"""Release of the runs of `play`."""

_FORMAT = FORMATS["protobuf"].number


@dataclass(frozen=True)
class LiveDemo:
    """A simulation of online runs."""

    folder: Path  # of the snapshots
    binary: Path  # the program dqmhub-demo
    hub: tuple[str, int]  # host and port
    run: int  # number of the first run
    lumis: int  # lumisections of each run
    period_s: float  # from one snapshot to the next

    def play(self, stop: Event, report: Callable[[str], None]) -> None:
        """Simulate runs until `stop` is set; `report` gets a line of text for each run and each error."""
        for run in cycle(range(self.run, self.run + RUNS)):
            report(f"run {run} begins: {self.lumis} lumisections of {self.period_s:g} s")
            conditions = Conditions(time.time(), RELEASE)
            for lumi in range(1, self.lumis + 1):
                due = time.monotonic() + self.period_s
                self._lumisection(run, lumi, conditions, stop, report)
                if stop.wait(max(0.0, due - time.monotonic())):
                    return
            report(f"run {run} has ended; the next run begins in {PAUSE_PERIODS * self.period_s:g} s")
            if stop.wait(PAUSE_PERIODS * self.period_s):
                return

    def _lumisection(self, run: int, lumi: int, conditions: Conditions, stop: Event, report: Callable[[str], None]) -> None:
        name = f"run{run}_DQMLive.pb"
        numbers = {"run": run, "seed": run, "lumi": lumi, "lumis": self.lumis}
        options = [text for option, number in numbers.items() for text in (f"--{option}", str(number))]
        options += ["--written", f"{time.time():.3f}"]
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            make_file(self.folder, name, [str(self.binary.absolute()), "--format", "pb", *options, *conditions.options()])
        except (OSError, RuntimeError) as error:
            if not stop.is_set():  # the same signal ends the program
                report(f"lumisection {lumi} of run {run} was not written: {error}")
        else:
            self._register(self.folder / name, run, stop, report)

    def _register(self, file: Path, run: int, stop: Event, report: Callable[[str], None]) -> None:
        entry = {"dataset": ONLINE_DATASET, "lumi": 0, "file": str(file.absolute()), "fileformat": _FORMAT}
        body = json.dumps([entry | {"run": number} for number in (0, run)])
        is_waiting = False
        while not stop.is_set():
            try:
                status, text = self._post("/api/v1/register", body)
            except (OSError, http.client.HTTPException) as error:
                if not is_waiting:
                    report(f"waiting for the hub at {self.hub[0]}:{self.hub[1]} ({error})")
                is_waiting = True
                stop.wait(_RETRY_S)
                continue
            if is_waiting:
                report("the hub responds")
            if status >= 300:
                report(f"the hub did not register {file}: {status} {text}")
            return

    def _post(self, path: str, body: str) -> tuple[int, str]:
        connection = http.client.HTTPConnection(*self.hub, timeout=_TIMEOUT_S)
        try:
            connection.request("POST", path, body, {"Content-Type": "application/json"})
            response = connection.getresponse()
            return response.status, response.read().decode(errors="replace")
        finally:
            connection.close()
