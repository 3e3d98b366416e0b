"""The web server of the health check of an upgrade."""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path

from app.core.settings import Settings
from app.ops.upgrade.health import check_health
from tests.support.processes import until

SERVER = """import os, signal, sys
from app.core.supervisor import follow_supervisor
follow_supervisor()
open(sys.argv[1], "w").write(str(os.getpid()))
signal.pause()
"""


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
