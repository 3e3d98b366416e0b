"""A test that starts processes and never ends; tests/support/test_guard.py ends its run from outside."""

from __future__ import annotations

import os
import shutil
import threading
from pathlib import Path

from app.core.settings import Settings
from tests.support.gui import render_service
from tests.support.processes import consumer, service
from tests.support.servers import PostgreSQL

READY = "READY_FILE"
"""The variable with the path of the file that appears when all processes run."""


def test_never_ends(settings: Settings, sqlite_template: Path, postgresql: PostgreSQL, tmp_path: Path) -> None:
    shutil.copytree(sqlite_template, settings.data)
    with render_service(tmp_path / "r"), consumer(settings, "live"), service(settings, "worker"):
        Path(os.environ[READY]).touch()
        threading.Event().wait()
