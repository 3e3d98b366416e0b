"""Files of clients on their way to another host, by the real ssh, sshd and rsync."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.diary import sshd
from tests.support.processes import until
from tests.transfer.fu.filter_unit import BU, FilterUnit

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not sshd.IS_THERE or not shutil.which("rsync"), reason="sshd or rsync is not on this machine"),
]


def test_files_reach_another_host_and_wait_while_it_is_down(tmp_path: Path) -> None:
    (tmp_path / "keys").mkdir()
    with sshd.ssh_server(tmp_path / "keys") as (address, arguments):
        unit = FilterUnit(tmp_path, ssh=("ssh", *arguments), target=f"{address}:{tmp_path / BU}")
        with unit.serving() as serving:
            unit.write_snapshot(b"1")
            unit.write_origin(unit.write_root_file(b"root"))
            until(lambda: len(unit.sent()) == 2, "both files")
            shutil.rmtree(unit.target / "run367094")  # also the folder of a run may be lost
            unit.write_snapshot(b"22")
            serving.wait_for(SiStrip=b"22")
            unit.target.rename(tmp_path / "away")
            for number in range(5):
                unit.write_snapshot(b"3" * number, "Ecal")
            until(lambda: any(record["error"] for record in serving.records()), "a failure")
            (tmp_path / "away").rename(unit.target)
            serving.wait_for(SiStrip=b"22", Ecal=b"3333")
