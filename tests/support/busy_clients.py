"""Clients that use a hub all the time, each in a thread of its own, and note what the hub has confirmed."""

from __future__ import annotations

import os
import shutil
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import Any, Protocol

from app.core.database import end_thread
from tests.support.running_hub import Answer

Act = Callable[[int], None]
"""What a client does again and again; its argument counts from 0."""


class Site(Protocol):
    """A hub that takes requests."""

    def request(self, method: str, path: str, /, **options: Any) -> Answer:
        """Send a request."""


class BusyClients:
    """Clients of a hub.

    Attributes:
        wrong: Responses that nothing excuses.
    """

    def __init__(self, site: Site, file: Path, folder: Path, pause_s: float, *acts: Act) -> None:
        """Clients that do not work yet.

        Args:
            site: The hub.
            file: What they register, under new names.
            folder: For these, one of `file_roots`.
            pause_s: Of each client before it acts.
            acts: What each client does.
        """
        self._site, self._file, self._folder, self._pause_s = site, file, folder, pause_s
        self._acts = [(act, count()) for act in acts]
        self._ended = threading.Event()
        self.wrong: list[str] = []

    @contextmanager
    def at_work(self) -> Iterator[None]:
        """Let them work in this block."""
        self._ended.clear()
        threads = [threading.Thread(target=self._repeat, args=numbered) for numbered in self._acts]
        for thread in threads:
            thread.start()
        try:
            yield
        finally:
            self._ended.set()
            for thread in threads:
                thread.join()

    def _repeat(self, act: Act, numbers: Iterator[int]) -> None:
        while not self._ended.wait(self._pause_s):
            act(next(numbers))
        end_thread()

    def _register(self, name: str, dataset: str, run: int, fileformat: int) -> Answer:
        """Register the file under a name as a sample."""
        path = self._folder / name
        if not path.exists():
            os.link(self._file, path) if self._file.stat().st_dev == self._folder.stat().st_dev else shutil.copy(self._file, path)
        entry = {"dataset": dataset, "run": str(run), "lumi": "0", "file": str(path), "fileformat": fileformat}
        return self._site.request("POST", "/api/v1/register", json=[entry])
