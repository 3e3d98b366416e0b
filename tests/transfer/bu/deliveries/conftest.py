"""A BU whose GUI machines are folders and hubs of this machine."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from services.transfer.bu import lanes
from services.transfer.bu.deliveries import Deliveries
from services.transfer.bu.lanes import CONCATENATION, MERGED_FILE, Delivery
from services.transfer.journal import Journal
from services.transfer.names import concatenation_name, merged_name
from services.transfer.options import BuOptions, GuiMachineOptions, Options
from tests.support.patience import PATIENCE_S
from tests.support.processes import until
from tests.transfer.hub_server import HubServer, acknowledge_all, hub_server

RUN = 367094
DATASET = "/Global/Online/ALL"


class Site:
    """A BU and its GUI machines, which are folders and hubs of this machine.

    Attributes:
        newest: The newest run of the BU.
        deliveries: The deliveries of the process that runs now.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.newest = RUN
        self.machines: list[GuiMachineOptions] = []
        (folder / "bu").mkdir()
        self.deliveries: Deliveries | None = None

    def machine(self, name: str, hub: str) -> GuiMachineOptions:
        """A GUI machine whose folders are there."""
        token = self.folder / "token"
        token.write_text("dqmhub_token\n")
        for kind in ("pb", "root"):
            (self.folder / name / kind).mkdir(parents=True)
        self.machines.append(
            GuiMachineOptions(
                name=name, pb_folder=f"{self.folder}/{name}/pb", root_folder=f"{self.folder}/{name}/root", hub=hub, token_file=str(token)
            )
        )
        return self.machines[-1]

    def start(self) -> Deliveries:
        """Start the process of the BU."""
        self.journal = Journal(self.folder / "bu.sqlite")
        self.journal.report_to(["http://hub"], lambda: None)
        self.deliveries = Deliveries(Options(bu=BuOptions(gui_machines=tuple(self.machines))), self.journal, lambda: self.newest)
        self.deliveries.start()
        return self.deliveries

    def stop(self) -> None:
        """End the process of the BU."""
        if self.deliveries:
            self.deliveries.close(PATIENCE_S)
            self.journal.close()
        self.deliveries = None

    def concatenation(self, run: int, number: int) -> Delivery:
        """A concatenation that the BU has made."""
        name = concatenation_name(run, hashlib.md5(b"%d" % number).hexdigest())
        return self._made(Delivery(run, CONCATENATION, name, f"{self.folder}/bu/{name}", 10, 1e9 + number), b"PB %d" % number)

    def merged(self, run: int, version: int) -> Delivery:
        """A merged file that the BU has made."""
        name = merged_name(run, version)
        return self._made(Delivery(run, MERGED_FILE, name, f"{self.folder}/bu/{name}", 10, 1e9, version), b"ROOT %d" % version)

    def _made(self, delivery: Delivery, content: bytes) -> Delivery:
        Path(delivery.path).write_bytes(content)
        return delivery

    def wait(self) -> None:
        """Wait until nothing waits."""
        until(lambda: not any(one["waiting"] for one in self.states), "the deliveries")

    @property
    def states(self) -> list[dict[str, Any]]:
        assert self.deliveries
        return self.deliveries.state()

    def records(self, **fields: object) -> list[dict[str, Any]]:
        """The records with these fields."""
        return [one for one in self.journal.records_after(0, 1000) if fields.items() <= one.items()]


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Site]:
    monkeypatch.setattr(lanes, "RETRY_S", 0.02)
    monkeypatch.setattr(lanes, "RETRY_MOST_S", 0.1)
    found = Site(tmp_path)
    yield found
    found.stop()


@pytest.fixture
def hub() -> Iterator[HubServer]:
    with hub_server() as server:
        yield server


def registered(hub: HubServer) -> list[list[tuple[int, str, int]]]:
    """Run, name of the file and format of each entry of each request."""
    with hub.lock:
        documents = [document for _, _, document in hub.requests]
    assert all((one["dataset"], one["lumi"]) == (DATASET, 0) for document in documents for one in document)
    return [[(one["run"], os.path.basename(one["file"]), one["fileformat"]) for one in document] for document in documents]


def refuse_if(condition: Callable[[list[Any]], bool]) -> Callable[[Any], tuple[int, Any]]:
    return lambda entries: (400, {"message": "There is no file"}) if condition(entries) else acknowledge_all(entries)
