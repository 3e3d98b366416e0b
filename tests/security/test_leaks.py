"""Nothing secret reaches files, logs or counters."""

from __future__ import annotations

import logging
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from app.core.metrics import counter_text
from app.core.settings import TREE
from app.security import Role, needs
from tests.security.conftest import HOME

if TYPE_CHECKING:
    from flask import Flask
    from flask.testing import FlaskClient


def test_other_users_of_the_machine_cannot_read_what_the_program_writes(tmp_path: Path) -> None:
    environment = {**os.environ, "DQMHUB_DATA_DIR": str(tmp_path / "var")}
    command = [sys.executable, "-c", "from app.cli import main; main(['db', 'upgrade'])"]
    subprocess.run(command, cwd=TREE, env=environment, check=True, capture_output=True, umask=0o022)
    written = list((tmp_path / "var").rglob("*"))
    assert tmp_path / "var" / "dqmhub.db" in written
    assert [path for path in written if path.stat().st_mode & 0o007] == []


def test_an_address_cannot_forge_a_line_of_the_log(small_app: Callable[..., Flask], caplog: pytest.LogCaptureFixture) -> None:
    app = small_app()
    app.add_url_rule("/api/broken/<what>", view_func=needs(Role.PUBLIC)(lambda what: {}[what]), endpoint="broken")
    answer = app.test_client().get("/api/broken/%0aroot signed in\x1b[2J", base_url=HOME)
    assert answer.status_code == 500
    (record,) = [record for record in caplog.records if record.levelno >= logging.ERROR]
    assert "\n" not in record.getMessage()
    assert "\x1b" not in record.getMessage()


def test_an_internal_error_reveals_no_details(small_app: Callable[..., Flask]) -> None:
    app = small_app()

    def broken() -> str:
        raise RuntimeError("postgresql://hub:hunter2@db/hub")

    app.add_url_rule("/broken", view_func=needs(Role.PUBLIC)(broken), endpoint="broken")
    for headers in ({}, {"HX-Request": "true"}, {"Authorization": "Bearer x"}):
        text = app.test_client().get("/broken", headers=headers, base_url=HOME).text
        assert "hunter2" not in text
        assert "Traceback" not in text


def test_unknown_methods_are_counted_as_one(local: FlaskClient) -> None:
    for number in range(3):
        local.open("/healthz/live", method=f"INVENTED{number}", base_url=HOME)
    assert b"INVENTED" not in counter_text()
