"""Clients of a hub whose processes are killed: they store short links, register files and read pages."""

from __future__ import annotations

from pathlib import Path

from tests.support.busy_clients import BusyClients
from tests.support.running_hub import RunningHub

DATASET = "/ZeroBias/Kills-v1/DQMIO"
FIRST_RUN = 400000
PAGES = ("/", "/status", "/diary", "/api/v1/samples")
UNAVAILABLE = (0, 502, 503, 507)
"""Statuses of a hub that is being restarted; any other response to a correct request is an answer."""


class Clients(BusyClients):
    """Clients of a hub.

    Attributes:
        links: Views whose short links were confirmed.
        runs: Runs whose file was registered, which was confirmed.
        pages: How many pages were read.
    """

    def __init__(self, hub: RunningHub, file: Path, folder: Path, pause_s: float) -> None:
        super().__init__(hub, file, folder, pause_s, self._store_link, self._register_run, self._read)
        self._hub = hub
        self.links: list[str] = []
        self.runs: list[int] = []
        self.pages = 0

    def confirmed(self) -> tuple[int, int, int]:
        """How many links, runs and pages there are so far."""
        return len(self.links), len(self.runs), self.pages

    def _store_link(self, number: int) -> None:
        view = f"/browse/{number}/a/b/c"
        if self._hub.store_link(view):
            self.links.append(view)

    def _register_run(self, number: int) -> None:
        run = FIRST_RUN + number
        answer = self._register(f"DQM_V0001_R000{run}__ZeroBias__Kills-v1__DQMIO.root", DATASET, run, 1)
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
