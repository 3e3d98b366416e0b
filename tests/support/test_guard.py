"""A test run that is ended leaves no process behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from app.core.settings import TREE
from tests.support.guard import marked
from tests.support.left_behind import READY
from tests.support.patience import PATIENCE_S
from tests.support.processes import until

pytestmark = pytest.mark.slow

ALONE, WITH_WORKER = (), ("-n", "1")


@pytest.mark.parametrize(
    ("options", "number"),
    [(ALONE, signal.SIGTERM), (ALONE, signal.SIGKILL), (WITH_WORKER, signal.SIGTERM)],
)
def test_a_killed_run_leaves_no_processes(tmp_path: Path, options: tuple[str, ...], number: int) -> None:
    ready = tmp_path / "ready"
    probe = f"PROBE_OF_TEST={tmp_path}"
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", *options, "tests/support/left_behind.py"]
    variables = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}
    variables |= {"PROBE_OF_TEST": str(tmp_path), READY: str(ready)}
    with (tmp_path / "log").open("wb") as log:
        run = subprocess.Popen(command, cwd=TREE, env=variables, stdout=log, stderr=log, start_new_session=True)
    until(lambda: ready.exists() or run.poll() is not None, "the processes of the run")
    assert run.poll() is None, (tmp_path / "log").read_text()
    assert len(marked(probe)) >= 5, "the run, its guard, a render service, two consumers and a database"
    run.send_signal(number)
    run.wait(PATIENCE_S)
    until(lambda: not marked(probe), "every process of the run to end")
