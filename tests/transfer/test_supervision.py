"""The end of the transfer together with the process that started it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from app.core.settings import TREE
from tests.support.patience import PATIENCE_S
from tests.support.processes import until

pytestmark = pytest.mark.slow


def started(folder: Path, supervisor: int) -> subprocess.Popen[bytes]:
    options = folder / "options.toml"
    options.write_text(f"state = '{folder}/state'\n[cleanup]\nfolder = '{folder}'\n")
    command = [sys.executable, "-m", "services.transfer", "cleanup", "--config", options]
    return subprocess.Popen(command, cwd=TREE, env=os.environ | {"DQMHUB_SUPERVISOR_PID": str(supervisor)})


def test_a_process_ends_when_its_supervisor_is_killed_and_at_once_when_there_is_none(tmp_path: Path) -> None:
    supervisor = subprocess.Popen(["sleep", "infinity"])
    process = started(tmp_path, supervisor.pid)
    until((tmp_path / "state" / "cleanup.lock").exists, "the start")
    supervisor.kill()
    supervisor.wait()
    assert process.wait(PATIENCE_S) == 0
    assert started(tmp_path, supervisor.pid).wait(PATIENCE_S) == 0


@pytest.mark.parametrize("package", ["services.transfer.supervision", "app.core.supervisor"])
def test_a_process_ends_at_signals_that_come_while_it_waits_for_the_end_or_notes_it(package: str) -> None:
    """As `timeout` sends two: the second one came while the first one was noted, and the process hung."""
    program = f"""
import os, signal, threading
from {package} import stop_at_signals
stop = threading.Event()
stop_at_signals(stop)
with stop._cond:  # as within `wait` and `set`
    for number in (signal.SIGTERM, signal.SIGTERM, signal.SIGINT):
        os.kill(os.getpid(), number)
stop.wait()
"""
    assert subprocess.run([sys.executable, "-c", program], cwd=TREE, timeout=PATIENCE_S, check=False).returncode == 0
