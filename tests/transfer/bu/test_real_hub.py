"""Deliveries to the real hub of a GUI machine, as the BU makes them."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from app.core.settings import Settings
from app.security import accounts, tokens
from app.security.roles import Role
from services.transfer.bu import lanes
from services.transfer.bu.deliveries import Deliveries
from services.transfer.bu.lanes import CONCATENATION, MERGED_FILE, Delivery
from services.transfer.journal import Journal
from services.transfer.names import concatenation_name, merged_name
from services.transfer.options import BuOptions, GuiMachineOptions, Options
from tests.support.patience import PATIENCE_S
from tests.support.processes import until
from tests.support.site import address, bound, site
from tests.transfer.bu.arrivals import mes

pytestmark = pytest.mark.slow

RUN = 367094
DATASET = "Global/Online/ALL"


@pytest.fixture
def machine(tmp_path: Path, sqlite_template: Path) -> Iterator[GuiMachineOptions]:
    """A GUI machine with a hub, in which the BU has a token."""
    for name in ("pb", "root"):
        (tmp_path / name).mkdir()
    settings = Settings(data_dir=str(tmp_path / "var"), instance_name="gui1", file_roots=(str(tmp_path),), anonymous_read="everyone")
    with site(settings, sqlite_template, []) as running:
        with bound(running):
            operator = accounts.add("transfer", Role.OPERATOR, "a long password of the tests")
            (tmp_path / "token").write_text(tokens.make(operator, "BU", Role.OPERATOR, days=1)[1] + "\n")
        folders = {"pb_folder": f"{tmp_path}/pb", "root_folder": f"{tmp_path}/root"}
        yield GuiMachineOptions(name="gui1", hub=address(running), token_file=f"{tmp_path}/token", **folders)


def listed(machine: GuiMachineOptions, run: int) -> list[str]:
    """The folders and MEs at the top of a run in the GUI."""
    try:
        with urllib.request.urlopen(f"{machine.hub}/api/v1/archive/{run}/{DATASET}/", timeout=PATIENCE_S) as answer:
            found: dict[str, Any] = json.load(answer)
    except urllib.error.HTTPError as error:
        if error.code == 404:
            return []
        raise
    return sorted(one.get("subdir", "") for one in found["data"])


def test_the_gui_shows_the_newest_concatenation_of_the_run_and_of_the_ongoing_one_until_the_run_is_merged(
    machine: GuiMachineOptions, tmp_path: Path, fixtures_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lanes, "RETRY_S", 0.05)
    made = tmp_path / "made"

    def deliver(what: str, name: str, content: bytes, version: int = 0) -> None:
        made.write_bytes(content)
        deliveries.add(Delivery(RUN, what, name, str(made), len(content), 1e9, version))
        until(lambda: not deliveries.state()[0]["waiting"], f"the delivery of {name}")
        assert deliveries.state()[0]["error"] == ""

    journal = Journal(tmp_path / "bu.sqlite")
    deliveries = Deliveries(Options(bu=BuOptions(gui_machines=(machine,))), journal, lambda: RUN)
    deliveries.start()
    try:
        deliver(CONCATENATION, concatenation_name(RUN, "1" * 32), mes(b"1", "SiStrip/a"))
        for run in (RUN, 0):
            until(lambda run=run: listed(machine, run) == ["SiStrip"], f"run {run}")
        deliver(CONCATENATION, concatenation_name(RUN, "2" * 32), mes(b"2", "SiStrip/a", "Ecal/a"))
        for run in (RUN, 0):
            until(lambda run=run: listed(machine, run) == ["Ecal", "SiStrip"], f"run {run}")
        root_file = next((fixtures_dir / "dqmfiles").glob("DQM_V*.root"))
        deliver(MERGED_FILE, merged_name(RUN, 1), root_file.read_bytes(), 1)
        until(lambda: listed(machine, RUN) not in ([], ["Ecal", "SiStrip"]), "the merged file")
        merged = listed(machine, RUN)
        deliver(CONCATENATION, concatenation_name(RUN, "3" * 32), mes(b"3", "CSC/a"))
        until(lambda: listed(machine, 0) == ["CSC"], "the ongoing run")
        assert listed(machine, RUN) == merged
    finally:
        deliveries.close(PATIENCE_S)
        journal.close()
