"""Deliveries to a GUI machine by the real ssh and rsync."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from services.transfer.bu import lanes
from services.transfer.bu.deliveries import Deliveries
from services.transfer.bu.lanes import CONCATENATION, MERGED_FILE, Delivery
from services.transfer.journal import Journal
from services.transfer.names import concatenation_name, merged_name
from services.transfer.options import BuOptions, GuiMachineOptions, Options
from tests.diary import sshd
from tests.support.processes import until
from tests.transfer.hub_server import hub_server

pytestmark = pytest.mark.slow

RUN = 367094


@pytest.fixture
def ssh(tmp_path: Path) -> Iterator[tuple[str, tuple[str, ...]]]:
    """The address of this machine, and the command of ssh for an sshd of its own."""
    if not sshd.IS_THERE or not shutil.which("rsync"):
        pytest.skip("sshd or rsync is not on this machine")
    (tmp_path / "ssh").mkdir()
    with sshd.ssh_server(tmp_path / "ssh") as (address, arguments):
        yield address, ("ssh", *arguments)


def test_files_get_to_a_remote_machine_and_what_a_broken_copy_of_one_left_is_removed(
    ssh: tuple[str, tuple[str, ...]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lanes, "RETRY_S", 0.1)
    address, command = ssh
    name = concatenation_name(RUN, "1" * 32)
    pb, root = tmp_path / "pb of 'x' $(touch y)", tmp_path / "root"
    source = tmp_path / "source"
    source.write_bytes(b"content")
    for folder in (pb, root):
        folder.mkdir()
    left = f".{name}.tmp.aB3dE6"
    others = [concatenation_name(RUN + 1, "1" * 32), f".{name}.tmp", "notes"]
    for file in (left, *others):
        (pb / file).touch()
    with hub_server() as hub:
        machine = GuiMachineOptions(name="gui1", host=address, pb_folder=str(pb), root_folder=str(root), hub=hub.url)
        journal = Journal(tmp_path / "bu.sqlite")
        deliveries = Deliveries(Options(state=str(tmp_path), bu=BuOptions(ssh=command, gui_machines=(machine,))), journal, lambda: RUN)
        deliveries.start()
        try:
            deliveries.add(Delivery(RUN, CONCATENATION, name, str(source), 7, 1e9))
            deliveries.add(Delivery(RUN, MERGED_FILE, merged_name(RUN, 1), str(source), 7, 1e9, 1))
            until(lambda: not deliveries.state()[0]["waiting"], "the deliveries")
        finally:
            deliveries.close(60)
            journal.close()
        files = {entry["file"] for _, _, document in hub.requests for entry in document}
    assert files == {f"{pb}/{name}", f"{root}/{merged_name(RUN, 1)}"}
    assert all(Path(file).read_bytes() == b"content" for file in files)
    assert sorted(os.listdir(pb)) == sorted([name, *others])
