"""The web server of the health check of an upgrade."""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path

import pytest

from app.core.settings import Settings
from app.ops.upgrade import UpgradeError, health
from app.ops.upgrade.health import check_health
from tests.support.processes import until

SERVER = """import os, signal, sys
from app.core.supervisor import follow_supervisor
follow_supervisor()
open(sys.argv[1], "w").write(str(os.getpid()))
signal.pause()
"""
SLOW_SERVER = """import os, time
from http.server import BaseHTTPRequestHandler, HTTPServer
class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        time.sleep(1.0)
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b'{"checks": {"database": "up"}}')
HTTPServer(("127.0.0.1", int(os.environ["DQMHUB_WEB_PORT"])), Handler).serve_forever()
"""
"""A server that is ready after a second, and takes one for each page."""


def test_the_web_server_of_a_check_ends_with_an_upgrade_that_is_killed(settings: Settings, tmp_path: Path) -> None:
    note = tmp_path / "process"
    child = os.fork()
    if not child:
        check_health(settings, [sys.executable, "-c", SERVER, str(note)])
        os._exit(1)
    until(lambda: note.exists() and note.read_text(), "the server")
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    until(lambda: not Path(f"/proc/{note.read_text()}/exe").exists(), "the end of the server")


def test_the_whole_check_has_one_deadline(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(health, "READY_S", 1.8)
    with pytest.raises(UpgradeError, match=r"its web server does not work: .*no (connection|answer|whole answer)"):
        check_health(settings, [sys.executable, "-c", SLOW_SERVER])
