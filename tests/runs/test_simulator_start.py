"""The simulator of OMS ends with a sentence when it cannot start."""

from __future__ import annotations

import socket
import subprocess
import sys
from pathlib import Path

import pytest

from app.core.settings import TREE
from tests.support.patience import PATIENCE_S

pytestmark = pytest.mark.slow


def start(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "services.simulator.run_services", *arguments]
    return subprocess.run(command, cwd=TREE, capture_output=True, text=True, timeout=PATIENCE_S, check=False)


def test_a_port_in_use_ends_it_with_the_reason() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        done = start("--port", str(server.getsockname()[1]))
    assert done.returncode == 1
    assert "Address already in use; choose another --port" in done.stderr


def test_a_port_that_no_machine_has_ends_it_with_the_reason() -> None:
    done = start("--port", "80000")
    assert (done.returncode, done.stderr.count("\n")) == (1, 1)
    assert "no such port" in done.stderr


@pytest.mark.parametrize("content", [None, "no JSON", "{}"])
def test_rows_that_cannot_be_read_end_it_with_the_reason(tmp_path: Path, content: str | None) -> None:
    file = tmp_path / "rows.json"
    if content is not None:
        file.write_text(content)
    done = start("--port", "0", "--rows", str(file))
    assert done.returncode == 2
    assert str(file) in done.stderr
    assert "Traceback" not in done.stderr
