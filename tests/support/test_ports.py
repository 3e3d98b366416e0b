"""Every port is handed out once, also to simultaneous processes."""

from __future__ import annotations

import socket
import subprocess
import sys
from pathlib import Path

from app.core.settings import TREE
from tests.support.ports import FIRST, free_port

PROCESSES, EACH = 4, 50
CODE = "import sys; from pathlib import Path; from tests.support.ports import free_port; [print(free_port(Path(sys.argv[1]))) for _ in range({})]"


def test_parallel_processes_get_different_ports(tmp_path: Path) -> None:
    command = [sys.executable, "-c", CODE.format(EACH), str(tmp_path / "counter")]
    running = [subprocess.Popen(command, cwd=TREE, stdout=subprocess.PIPE, text=True) for _ in range(PROCESSES)]
    ports = [int(line) for process in running for line in process.communicate()[0].split()]
    assert len(set(ports)) == len(ports) == PROCESSES * EACH


def test_a_port_in_use_is_skipped(tmp_path: Path) -> None:
    first = free_port(tmp_path / "counter")
    assert first >= FIRST
    (tmp_path / "counter").unlink()
    with socket.create_server(("127.0.0.1", first)):
        assert free_port(tmp_path / "counter") > first
