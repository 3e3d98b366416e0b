"""A process of the simulator with a wrong clock."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from app.core.settings import TREE
from services.simulator.clients.places import Places
from services.simulator.clients.transfer_options import write_options
from services.simulator.machines import PRODUCTION, clusters
from tests.support.processes import until
from tests.transfer.hub_server import hub_server

AHEAD_S = 8.0


def line_of(service: str) -> str:
    """The command of a service of the demo."""
    lines = (line.partition(": ") for line in (TREE / "Procfile").read_text().splitlines())
    return next(command for name, _, command in lines if name == service)


@pytest.mark.slow
def test_a_filter_unit_of_the_demo_reports_by_a_clock_that_is_ahead(tmp_path: Path) -> None:
    bu, *hosts = clusters(2)[PRODUCTION]
    places = Places(tmp_path)
    places.make(hosts)
    assert f"--clock {hosts[1]}={AHEAD_S:g}" in line_of("clients"), "its clients have the same clock"
    folder = places.upload(hosts[1]) / "pb" / "run367201"
    folder.mkdir()
    with hub_server() as hub:
        write_options(places, hosts, bu, hub.url, None, "error")
        command = line_of("fu2").partition("python ")[2].replace("$DQMHUB_DEMO_ONLINE", str(tmp_path)).replace('"', "")
        before = time.time()
        process = subprocess.Popen([sys.executable, *command.split()], cwd=TREE)
        try:
            until(lambda: hub.requests, "a report")
            assert before + AHEAD_S <= hub.requests[0][2]["now"] <= time.time() + AHEAD_S
            content = b"x" * 100
            for name, text in (("run367201_DT_DQMLive.pb", content), ("run367201_DT_DQMLive.jsn", b'{"data": [0, 0, 0, 0, "x", 100]}')):
                (folder / name).write_bytes(text)
            written = os.stat(folder / "run367201_DT_DQMLive.pb").st_ctime
            until(lambda: hub.records, "the record of the snapshot")
        finally:
            process.terminate()
            process.wait()
    (record, *_) = hub.records
    assert record["written"] == pytest.approx(written + AHEAD_S, abs=0.001)
    assert record["sent"] >= record["written"]
