"""A sanitizer on an empty SQLite database, shared by the tests of a module: redaction is the same on both databases."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.core import database
from app.core.settings import Settings
from app.publish.sanitize.sanitizer import Sanitizer
from tests.support.square_fixtures import faulty, filled, p5
from tests.support.stopped_clock import clock

__all__ = ["clock", "faulty", "filled", "p5"]

MACHINES = ("dqmrubu-c2a06-01-01", "dqm-prod-local", "dqmgateway")


@pytest.fixture(scope="module")
def sanitizer(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sanitizer]:
    data = tmp_path_factory.mktemp("site") / "var"
    shutil.copytree(sqlite_template, data)
    database.connect(Settings(data_dir=str(data)))
    yield Sanitizer(b"a key of these tests, and of no hub", MACHINES)
    database.disconnect()
    database.proxy.initialize(None)
