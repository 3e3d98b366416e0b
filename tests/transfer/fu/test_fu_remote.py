"""Files of clients on their way to another host, by the real ssh, sshd and rsync."""

from __future__ import annotations

import os
import shutil
import signal
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.diary import sshd
from tests.support.processes import until
from tests.transfer.fu.filter_unit import BU, FilterUnit

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not sshd.IS_THERE or not shutil.which("rsync"), reason="sshd or rsync is not on this machine"),
]


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder with a short path, in which a shared connection can have its socket."""
    with tempfile.TemporaryDirectory(prefix="fu") as name:
        yield Path(name)


def test_files_reach_another_host_over_one_connection_and_wait_while_it_is_away(folder: Path) -> None:
    (folder / "keys").mkdir()
    with sshd.ssh_server(folder / "keys") as (address, arguments):
        unit = FilterUnit(folder, ssh=("ssh", *arguments), target=f"{address}:{folder / BU}")
        with unit.serving() as serving:
            unit.write_snapshot(b"1")
            serving.wait_for(SiStrip=b"1")  # several that begin at once may each connect
            unit.write_origin(unit.write_root_file(b"root"))
            until(lambda: len(unit.sent()) == 2, "both files")
            serving.wait_until_idle()  # a file counts as sent when also its name is on the disk
            shutil.rmtree(unit.target / "run367094")  # also the folder of a run may be lost
            unit.write_snapshot(b"22")
            serving.wait_for(SiStrip=b"22")
            assert connections(folder) == 1
            unit.target.rename(folder / "away")
            for number in range(5):
                unit.write_snapshot(b"3" * number, "Ecal")
            until(lambda: any(record["error"] for record in serving.records()), "a failure")
            (folder / "away").rename(unit.target)
            serving.wait_for(SiStrip=b"22", Ecal=b"3333")
            serving.wait_until_idle()
            assert connections(folder) == 1
            for master in masters(folder):
                os.kill(master, signal.SIGKILL)
            unit.write_snapshot(b"333")
            serving.wait_for(SiStrip=b"333", Ecal=b"3333")
        until(lambda: not masters(folder), "the end of the connection")


def connections(folder: Path) -> int:
    """Connections that the server of ssh has accepted."""
    return (folder / "keys" / "log").read_text().count("Accepted publickey")


def masters(folder: Path) -> list[int]:
    """Processes that hold a shared connection: ssh shows the path of the socket as their title."""
    title = f"ssh: {folder}/state/ssh-".encode()
    return [int(path.parent.name) for path in Path("/proc").glob("[0-9]*/cmdline") if title in read(path)]


def read(path: Path) -> bytes:
    """The content of a file, which may be gone."""
    try:
        return path.read_bytes()
    except OSError:
        return b""
