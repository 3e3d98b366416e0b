"""Clients that use a hub all the time, and note what it has confirmed."""

from __future__ import annotations

import os
import shutil
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.support.running_hub import RunningHub

DATASET = "/ZeroBias/Kills-v1/DQMIO"
FIRST_RUN = 400000
PAGES = ("/", "/status", "/diary", "/api/v1/samples")
UNAVAILABLE = (0, 502, 503, 507)
"""Statuses of a hub that is being restarted; any other response to a correct request is an answer."""


class Clients:
    """Clients of a hub.

    Attributes:
        links: Views whose short links were confirmed.
        runs: Runs whose file was registered, which was confirmed.
        pages: How many pages were read.
        wrong: Responses that no kill excuses.
    """

    def __init__(self, hub: RunningHub, file: Path, folder: Path, pause_s: float) -> None:
        self._hub, self._file, self._folder, self._pause_s = hub, file, folder, pause_s
        self.links: list[str] = []
        self.runs: list[int] = []
        self.pages = 0
        self.wrong: list[str] = []
        self._ended = threading.Event()

    @contextmanager
    def at_work(self) -> Iterator[None]:
        """Let them work in this block."""
        threads = [threading.Thread(target=self._repeat, args=(act,)) for act in (self._store_link, self._register, self._read)]
        for thread in threads:
            thread.start()
        try:
            yield
        finally:
            self._ended.set()
            for thread in threads:
                thread.join()

    def confirmed(self) -> tuple[int, int, int]:
        """How many links, runs and pages there are so far."""
        return len(self.links), len(self.runs), self.pages

    def _repeat(self, act: Callable[[int], None]) -> None:
        number = 0
        while not self._ended.wait(self._pause_s):
            act(number)
            number += 1

    def _store_link(self, number: int) -> None:
        view = f"/browse/{number}/a/b/c"
        if self._hub.store_link(view):
            self.links.append(view)

    def _register(self, number: int) -> None:
        run = FIRST_RUN + number
        path = self._folder / f"DQM_V0001_R000{run}__ZeroBias__Kills-v1__DQMIO.root"
        if not path.exists():
            os.link(self._file, path) if self._file.stat().st_dev == self._folder.stat().st_dev else shutil.copy(self._file, path)
        entry = {"dataset": DATASET, "run": str(run), "lumi": "0", "file": str(path), "fileformat": 1}
        answer = self._hub.request("POST", "/api/v1/register", json=[entry])
        if answer.status == 201:
            self.runs.append(run)
        elif answer.status not in UNAVAILABLE:
            self.wrong.append(f"registering run {run}: {answer.status} {answer.text[:200]}")
        self._hub.get(f"/browse/{run}{DATASET}")  # has the file read

    def _read(self, number: int) -> None:
        path = PAGES[number % len(PAGES)]
        answer = self._hub.get(path)
        if answer.status == 200:
            self.pages += 1
        elif answer.status not in UNAVAILABLE:
            self.wrong.append(f"{path}: {answer.status} {answer.text[:200]}")
