"""The product as a user meets it: the real web server with its own data, with or without a render service."""

from __future__ import annotations

import shutil
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from app.core import database, database_schema
from app.core.settings import Settings
from tests.support.gui import register_all
from tests.support.patience import PATIENCE_S
from tests.support.ports import free_port
from tests.support.processes import service, until, wait_for_jobs


def unbind() -> None:
    """Unbind this process from its database, once the jobs that run in threads of it have ended."""
    wait_for_jobs()
    database.disconnect()
    database.proxy.initialize(None)


@contextmanager
def bound(settings: Settings) -> Iterator[None]:
    """This process bound to the database of these settings."""
    database_schema.check(database.connect(settings))
    try:
        yield
    finally:
        unbind()


@contextmanager
def site(settings: Settings, template: Path, files: list[Path]) -> Iterator[Settings]:
    """A running web server that knows these files; settings with its port. template: a folder with an empty database."""
    shutil.copytree(template, settings.data, dirs_exist_ok=True)
    settings = settings.replace(web_port=free_port(), render_timeout_s=PATIENCE_S)
    with bound(settings):
        register_all(files)
    with service(settings, "web") as process:
        until(lambda: process.poll() is not None or answers(settings), "the web server")
        assert process.poll() is None, "the web server ended"
        yield settings


def answers(settings: Settings) -> bool:
    """Whether the web server answers."""
    try:
        with urllib.request.urlopen(f"{address(settings)}/healthz/live", timeout=PATIENCE_S) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False


def address(settings: Settings) -> str:
    return f"http://{settings.web_host}:{settings.web_port}"
