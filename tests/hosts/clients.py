"""Clients of a hub behind its proxy: readers of pages and plots, and writers that register files and queue jobs, and note what is confirmed."""

from __future__ import annotations

import os
import shutil
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path

from peewee import PeeweeException

from app.core.database import end_thread
from app.queue import store
from tests.hosts.site import ManyHosts

RUN, FORMAT = 367131, 2
"""Of the file, which has the format DQMIO: a worker reads each one that is registered."""
SHOWN = "/Hosts/Run2023C-Shown-v1/DQMIO"
SAMPLE = f"{RUN}{SHOWN}"
PLOT = f"/api/v1/render/{SAMPLE}/PixelPhase1/Tracks/PXBarrel/charge_PXLayer_2"
PAGES = ("/", f"/browse/{SAMPLE}", "/api/v1/samples", "/square", PLOT, "/status")


class Clients:
    """Clients of a hub.

    Attributes:
        datasets: Those whose file was registered, which was confirmed.
        jobs: Numbers of jobs that were queued.
        repeated: How often a file was registered again, since that was not confirmed.
        read: Responses to readers by status; 0 for a broken one.
        wrong: Responses that no killed host excuses.
        expected: Statuses beside 200 that readers may get now, such as 503 while there is no database.
    """

    def __init__(self, site: ManyHosts, file: Path, folder: Path, pause_s: float) -> None:
        self._site, self._file, self._folder, self._pause_s = site, file, folder, pause_s
        self.datasets: list[str] = []
        self.jobs: list[int] = []
        self.read: Counter[int] = Counter()
        self.repeated = 0
        self.wrong: list[str] = []
        self.expected: tuple[int, ...] = ()
        self._numbers = count()
        self._ended = threading.Event()

    def register(self, dataset: str) -> bool:
        """Register a file as a dataset; whether that was confirmed."""
        path = self._folder / f"{dataset.strip('/').replace('/', '__')}.root"
        if not path.exists():
            os.link(self._file, path) if self._file.stat().st_dev == self._folder.stat().st_dev else shutil.copy(self._file, path)
        entry = {"dataset": dataset, "run": str(RUN), "lumi": "0", "file": str(path), "fileformat": FORMAT}
        answer = self._site.request("POST", "/api/v1/register", json=[entry])
        if answer.status not in (0, 201, 502, 503, 504):
            self.wrong.append(f"registering {dataset}: {answer.status} {answer.text[:300]}")
        return answer.status == 201

    @contextmanager
    def at_work(self) -> Iterator[None]:
        """Let them work in this block."""
        self._ended.clear()
        threads = [threading.Thread(target=self._repeat, args=(act,)) for act in (self._register, self._enqueue, self._read, self._read)]
        for thread in threads:
            thread.start()
        try:
            yield
        finally:
            self._ended.set()
            for thread in threads:
                thread.join()

    def _repeat(self, act: Callable[[int], None]) -> None:
        while not self._ended.wait(self._pause_s):
            act(next(self._numbers))
        end_thread()

    def _register(self, number: int) -> None:
        """Register the next file; one that is not confirmed is registered again, as the transfer does."""
        dataset = f"/Hosts/Run2023C-Load{number}-v1/DQMIO"
        while not self.register(dataset):
            self.repeated += 1
            if self._ended.wait(self._pause_s):
                return
        self.datasets.append(dataset)

    def _enqueue(self, number: int) -> None:
        try:
            self.jobs.append(store.enqueue("clean-names", f"load {number}", queue=("bulk", "live")[number % 2]).id)
        except PeeweeException:  # no database now: nothing is confirmed
            end_thread()

    def _read(self, number: int) -> None:
        path = PAGES[number % len(PAGES)]
        answer = self._site.get(path)
        self.read[answer.status] += 1
        if answer.status == 200 or answer.status in self.expected:
            return
        again = self._site.get(path)  # a response that was cut in the middle is the one thing that no proxy hides
        if answer.status or again.status not in (200, *self.expected):
            self.wrong.append(f"{path}: {answer.status} {answer.text[:300]}, then {again.status}")
