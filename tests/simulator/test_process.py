"""The simulator as a process: it ends by a signal and with its supervisor."""

from __future__ import annotations

import os
import signal
import subprocess
import sys

import pytest

from app.core.settings import TREE, Settings
from tests.support.p5 import run_simulator
from tests.support.patience import PATIENCE_S
from tests.support.processes import environment

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_ends_cleanly_by_a_signal(number: int) -> None:
    with run_simulator("--quiet-start") as p5:
        p5.process.send_signal(number)
        assert p5.process.wait(PATIENCE_S) == 0


def test_it_ends_with_its_supervisor() -> None:
    with subprocess.Popen(["sleep", "3600"]) as supervisor:
        variables = os.environ | {"DQMHUB_SUPERVISOR_PID": str(supervisor.pid)}
        command = [sys.executable, "-m", "services.simulator", "--port", "0", "--quiet-start"]
        with subprocess.Popen(command, cwd=TREE, env=variables, stdout=subprocess.PIPE, text=True) as process:
            assert process.stdout
            assert process.stdout.readline()
            supervisor.kill()
            assert process.wait(PATIENCE_S) == 0


def test_dqmhub_simulate_passes_its_arguments_on() -> None:
    command = [sys.executable, "-c", "from app.cli import main; main()", "simulate", "--port", "0", "--quiet-start"]
    with subprocess.Popen(command, cwd=TREE, env=environment(Settings()), stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        assert process.stdout.readline().startswith("Simulated P5 at http://127.0.0.1:")
        process.terminate()
        assert process.wait(PATIENCE_S) == 0
