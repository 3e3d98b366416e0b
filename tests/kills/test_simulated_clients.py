"""The simulated clients of online runs are killed all the time: what they wrote is whole, none is left behind, and they play on."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest

from app.core.settings import TREE
from app.formats import scan
from render.build import build
from tests.kills.test_kills import LOOPS
from tests.simulator.test_clients import client_processes
from tests.support.patience import PATIENCE_S
from tests.support.processes import until
from tests.support.storms import chance, note_kills

pytestmark = [pytest.mark.slow, pytest.mark.storm]

KILLS = 2 * max(1, LOOPS // 40)
"""Half of them are of the program that starts the clients."""
PLAN = ("--clients", "DT,RPC", "--lumis", "4", "--lumi-s", "0.5")


def test_simulated_clients_that_are_killed_leave_whole_snapshots_and_play_on(tmp_path: Path) -> None:
    program, dice = build(TREE, sys.executable).with_name("dqmhub-demo"), chance(21)
    command = [sys.executable, "-m", "services.simulator.clients", "--folder", str(tmp_path), "--program", str(program), *PLAN]

    def start() -> subprocess.Popen[bytes]:
        return subprocess.Popen(command, cwd=TREE, stderr=subprocess.DEVNULL)

    playing, killed = start(), Counter[str]()
    try:
        for is_leader in dice.sample([True, False] * (KILLS // 2), KILLS):
            until(new_snapshot(tmp_path), "a new snapshot")
            if is_leader:
                playing.kill()
                playing.wait()
                until(lambda: not client_processes(tmp_path), "the clients to end")
                playing = start()
            else:
                until(lambda: has_killed_client(tmp_path, dice), "a client")
            killed["simulate-clients" if is_leader else "client"] += 1
        until(new_snapshot(tmp_path), "a snapshot after the last kill")
    finally:
        playing.terminate()
        assert playing.wait(PATIENCE_S) == 0
    assert not client_processes(tmp_path)
    for path in tmp_path.glob("fu/*/upload/pb/*/*.pb"):
        assert scan(str(path), "protobuf").samples, path
    for path in tmp_path.glob("fu/*/upload/pb/*/*DQMLive.jsn"):
        assert json.loads(path.read_text())["data"][4] == path.with_suffix(".pb").name
    note_kills("simulated clients", killed)


def has_killed_client(folder: Path, dice: random.Random) -> bool:
    """Kill a client if there is one now: between runs there is none."""
    clients = [*client_processes(folder)]
    with suppress(ProcessLookupError):  # its run has just ended
        for client in dice.sample(clients, min(1, len(clients))):
            os.kill(client, signal.SIGKILL)
            return True
    return False


def new_snapshot(folder: Path) -> Callable[[], bool]:
    """A condition: a report of a snapshot was written after this call."""

    def reports() -> dict[Path, int]:
        return {path: path.stat().st_mtime_ns for path in folder.glob("fu/*/upload/pb/*/*DQMLive.jsn")}

    before = reports()
    return lambda: bool(reports().items() - before.items())
