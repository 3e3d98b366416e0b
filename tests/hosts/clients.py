"""Clients of a hub behind its proxy: readers of pages and plots, and writers that register files and queue jobs, and note what is confirmed."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

from peewee import PeeweeException

from app.core.database import end_thread
from app.queue import store
from tests.hosts.site import ManyHosts
from tests.support.busy_clients import BusyClients
from tests.support.running_hub import Answer

RUN, FORMAT = 367131, 2
"""Of the file, which has the format DQMIO: a worker reads each one that is registered."""
SHOWN = "/Hosts/Run2023C-Shown-v1/DQMIO"
SAMPLE = f"{RUN}{SHOWN}"
PLOT = f"/api/v1/render/{SAMPLE}/PixelPhase1/Tracks/PXBarrel/charge_PXLayer_2"
PAGES = ("/", f"/browse/{SAMPLE}", "/api/v1/samples", "/square", PLOT, "/status")
BROKEN_OFF = (0, 502, 504)
"""Statuses of a request that a lost web server was handling; 0: none, the response was cut in the middle."""


class Clients(BusyClients):
    """Clients of a hub.

    Attributes:
        datasets: Those whose file was registered, which was confirmed.
        jobs: Numbers of jobs that were queued.
        broken_off: How many registrations a lost web server was handling: these alone are not repeated by the proxy, but by their sender.
        unavailable: How many registrations were refused with 503.
        read: Responses to readers by status; 0 for one that was cut in the middle.
        lost: The hosts that were lost and the cables that were out so far, in this order; "" while nothing is lost.
    """

    def __init__(self, site: ManyHosts, file: Path, folder: Path, pause_s: float) -> None:
        super().__init__(site, file, folder, pause_s, self._register_next, self._enqueue, self._read, self._read)
        self.datasets: list[str] = []
        self.jobs: list[int] = []
        self.read: Counter[int] = Counter()
        self.broken_off = self.unavailable = 0
        self.lost = [""]

    def _lost_since(self, began: int) -> list[str]:
        """What was lost while a request was handled, which may be for longer than it is lost. began: the length of `lost` before it."""
        return self.lost[began - 1 :]

    def register(self, dataset: str) -> bool:
        """Register a file as a dataset; whether that was confirmed."""
        began = len(self.lost)
        answer = self._register(f"{dataset.strip('/').replace('/', '__')}.root", dataset, RUN, FORMAT)
        lost = self._lost_since(began)
        if answer.status in BROKEN_OFF:
            self.broken_off += 1
        elif answer.status == 503 and any(map(may_block_changes, lost)):
            self.unavailable += 1
        elif answer.status != 201:
            self.wrong.append(f"registering {dataset} ({lost} were lost): {in_words(answer)}")
        return answer.status == 201

    def _register_next(self, number: int) -> None:
        """Register the next file; one that is not confirmed is registered again, as the transfer does."""
        dataset = f"/Hosts/Run2023C-Load{number}-v1/DQMIO"
        while not self.register(dataset):
            if self._ended.wait(self._pause_s):
                return
        self.datasets.append(dataset)

    def _enqueue(self, number: int) -> None:
        try:
            self.jobs.append(store.enqueue("clean-names", f"load {number}", queue=("bulk", "live")[number % 2]).id)
        except PeeweeException:  # no database now: nothing is confirmed
            end_thread()

    def _read(self, number: int) -> None:
        """Read the next page; a second time only after one of two responses that no proxy can help.

        One was cut in the middle. The other, 503, comes from a web host that had no database while its cable was out, and whose
        cable is in again before the proxy has given it up.
        """
        path, began = PAGES[number % len(PAGES)], len(self.lost)
        answer = again = self._site.request("GET", path)
        self.read[answer.status] += 1
        if answer.status == 0 or (answer.status == 503 and any(map(is_web_cable, self._lost_since(began)))):
            again = self._site.request("GET", path)
        lost = self._lost_since(began)
        if again.status != 200 and not (again.status == 503 and any(map(is_database, lost))):
            self.wrong.append(f"{path} ({lost} were lost): {in_words(answer)}, then {in_words(again)}")


def is_database(lost: str) -> bool:
    """Whether the database is lost, or its cable."""
    return lost.startswith("postgresql")


def may_block_changes(lost: str) -> bool:
    """Whether 503 is right for a change: without the database, and while it waits for what a host without its cable has locked."""
    return is_database(lost) or lost.endswith("cable")


def is_web_cable(lost: str) -> bool:
    """Whether the cable of a web host is out."""
    return lost.startswith("web") and lost.endswith("cable")


def in_words(answer: Answer) -> str:
    """Status and text of an answer; of a page its last words, where errors stand."""
    words = re.sub(r"<[^>]*>", " ", answer.text).split()
    return f"{answer.status} {' '.join(words)[-300:]}"
