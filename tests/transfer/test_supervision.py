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
