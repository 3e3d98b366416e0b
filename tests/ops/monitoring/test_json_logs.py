"""Everything that a service writes to standard error is JSON, when that is chosen."""

from __future__ import annotations

import json
import os
import pty
import socket
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any

from app.core.settings import TREE, Settings
from tests.mirror.process import mirror_process
from tests.support.patience import PATIENCE_S
from tests.support.processes import environment

DQMHUB = Path(sys.executable).with_name("dqmhub")


def parsed(text: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in text.split("\n")[:-1]]


def failed_start(settings: Settings) -> dict[str, Any]:
    """The only line of a web server that cannot start."""
    env = environment(settings)
    done = subprocess.run([DQMHUB, "web"], cwd=TREE, env=env, capture_output=True, text=True, timeout=PATIENCE_S, check=False)
    assert done.returncode == 1
    (line,) = parsed(done.stderr)
    return line


def test_a_mirror_logs_its_start_requests_and_end_in_json(tmp_path: Path) -> None:
    with mirror_process(tmp_path, log_format="json") as mirror:
        mirror.get("/nothing%0aforged")
    lines = parsed(mirror.log.read_text())
    assert {line["process"] for line in lines} == {"mirror"}
    assert any("Listening at" in line["message"] for line in lines)
    assert any("Shutting down" in line["message"] for line in lines)


def test_a_web_server_without_a_database_says_why_in_json(tmp_path: Path) -> None:
    line = failed_start(Settings(data_dir=str(tmp_path), log_format="json"))
    assert (line["level"], line["process"]) == ("critical", "web")
    assert "run `dqmhub db upgrade`" in line["message"]


def test_a_command_writes_text_to_a_terminal_and_json_to_a_file(tmp_path: Path) -> None:
    env = environment(Settings(data_dir=str(tmp_path), log_format="json"))
    here, terminal = pty.openpty()
    printed = b""
    with subprocess.Popen([DQMHUB, "db", "upgrade"], cwd=TREE, env=env, stderr=terminal, stdout=subprocess.DEVNULL) as upgrade:
        os.close(terminal)
        with open(here, "rb", buffering=0) as lines, suppress(OSError):  # EIO: the command has ended
            while part := lines.read(4096):
                printed += part
    assert upgrade.returncode == 0
    assert b"0001_gui" in printed
    assert b"{" not in printed
    failed = subprocess.run(
        [DQMHUB, "jobs", "cancel", "7"], cwd=TREE, env=env, capture_output=True, text=True, timeout=PATIENCE_S, check=False
    )
    assert [line["level"] for line in parsed(failed.stderr)] == ["critical"]


def test_a_web_server_whose_port_is_in_use_says_so_in_json(hub: Settings) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        line = failed_start(hub.replace(log_format="json", web_port=other.getsockname()[1]))
    assert (line["level"], line["process"]) == ("critical", "web")
    assert "in use; see the settings web_host and web_port" in line["message"]
