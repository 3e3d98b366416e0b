"""A run as the online system takes it: every few seconds a new snapshot of its monitor elements, registered with the hub.

The snapshots are written by `dqmhub-demo`. One run follows another, each with the next number, for as long as one likes.
"""

from __future__ import annotations

import http.client
import json
import time
from dataclasses import dataclass
from itertools import cycle
from typing import TYPE_CHECKING

from app.formats import FORMATS
from app.gui.demo.make import make_file
from app.gui.files.register import ONLINE

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path
    from threading import Event

RUNS = 100
"""After so many the first number comes again, so that not more files than these are ever left."""
PAUSE = 3
"""Periods between two runs, in which nothing new comes."""

_RETRY_S = 1.0
_TIMEOUT_S = 30.0
_FORMAT = FORMATS["protobuf"].number


@dataclass(frozen=True)
class LiveDemo:
    """Where, and how fast, runs of `lumis` lumisections are played: the maker's program, and host and port of the hub."""

    folder: Path
    binary: Path
    hub: tuple[str, int]
    run: int
    lumis: int
    period_s: float

    def play(self, stop: Event, say: Callable[[str], None]) -> None:
        """Until `stop` is set; `say` is told of each run, and of what goes wrong."""
        for run in cycle(range(self.run, self.run + RUNS)):
            say(f"run {run} begins: {self.lumis} lumisections of {self.period_s:g} s")
            for lumi in range(1, self.lumis + 1):
                due = time.monotonic() + self.period_s
                self._lumisection(run, lumi, stop, say)
                if stop.wait(max(0.0, due - time.monotonic())):
                    return
            say(f"run {run} is over; the next one begins in {PAUSE * self.period_s:g} s")
            if stop.wait(PAUSE * self.period_s):
                return

    def _lumisection(self, run: int, lumi: int, stop: Event, say: Callable[[str], None]) -> None:
        name = f"run{run}_DQMLive.pb"
        numbers = {"run": run, "seed": run, "lumi": lumi, "lumis": self.lumis}
        options = [text for option, number in numbers.items() for text in (f"--{option}", str(number))]
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            make_file(self.folder, name, [str(self.binary.absolute()), "--format", "pb", *options])
        except (OSError, RuntimeError) as error:
            if not stop.is_set():  # the maker, too, was told to end
                say(f"lumisection {lumi} of run {run} was not written: {error}")
        else:
            self._register(self.folder / name, run, stop, say)

    def _register(self, file: Path, run: int, stop: Event, say: Callable[[str], None]) -> None:
        entry = {"dataset": ONLINE, "lumi": 0, "file": str(file.absolute()), "fileformat": _FORMAT}
        body = json.dumps([entry | {"run": number} for number in (0, run)])
        waited = False
        while not stop.is_set():
            try:
                status, answer = self._post("/api/v1/register", body)
            except (OSError, http.client.HTTPException) as error:
                if not waited:
                    say(f"waiting for the hub at {self.hub[0]}:{self.hub[1]} ({error})")
                waited = True
                stop.wait(_RETRY_S)
                continue
            if waited:
                say("the hub answers")
            if status >= 300:
                say(f"the hub did not register {file}: {status} {answer}")
            return

    def _post(self, path: str, body: str) -> tuple[int, str]:
        connection = http.client.HTTPConnection(*self.hub, timeout=_TIMEOUT_S)
        try:
            connection.request("POST", path, body, {"Content-Type": "application/json"})
            answer = connection.getresponse()
            return answer.status, answer.read().decode(errors="replace")
        finally:
            connection.close()
