"""The threads that end the runs."""

from __future__ import annotations

import threading
import time

from .deliveries import Deliveries
from .rounds import Runs
from .run import BuRun

STEP_S = 1.0
THREADS = 2
"""Runs that are merged at once: with two, a merge that never ends does not hold up the others; more would not be faster."""


class EndThreads:
    """Ends the runs: each is merged by one thread at a time, newer ones first."""

    def __init__(self, runs: Runs, deliveries: Deliveries, stop: threading.Event) -> None:
        """Prepare; the threads end when `stop` is set."""
        self._runs, self._deliveries, self._stop = runs, deliveries, stop
        self._busy: set[int] = set()
        self._lock = threading.Lock()
        self._threads = [threading.Thread(target=self._work, name=f"ends of runs {number}", daemon=True) for number in range(THREADS)]

    def start(self) -> None:
        """Begin."""
        for thread in self._threads:
            thread.start()

    def join(self, timeout_s: float) -> None:
        """Wait for the end of the threads."""
        end = time.monotonic() + timeout_s
        for thread in self._threads:
            thread.join(max(0.0, end - time.monotonic()))

    def _work(self) -> None:
        while not self._stop.wait(STEP_S):
            for run in self._runs.all():
                if not self._stop.is_set() and self._claim(run.run):
                    try:
                        self._step(run)
                    finally:
                        self._busy.discard(run.run)

    def _claim(self, run: int) -> bool:
        """Claim a run for this thread; False when another thread has it."""
        with self._lock:
            if run in self._busy:
                return False
            self._busy.add(run)
            return True

    def _step(self, run: BuRun) -> None:
        try:
            run.end_step(self._deliveries)
        except Exception as error:  # a fault must not end the other runs
            text = f"Cannot end run {run.run}: {error}"
            self._runs.problems.note(run.run, "end", text, None if isinstance(error, OSError) else error)
        else:
            self._runs.problems.end(run.run, "end")
