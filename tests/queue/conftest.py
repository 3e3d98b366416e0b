"""Jobs with both databases and queues: SQLite with a queue file, PostgreSQL with Redis."""

from __future__ import annotations

from pathlib import Path

import pytest

from app.core.settings import Settings
from app.queue import failure_log, periodic
from tests.queue.test_periodic import Clock
from tests.support.queues import with_queues


@pytest.fixture
def hub(hub: Settings, request: pytest.FixtureRequest) -> Settings:
    """An empty database and empty queues, with a lease short enough to wait for its end."""
    return with_queues(hub, request)


@pytest.fixture
def traces(tmp_path: Path) -> Path:
    """The folder where the handlers of tests/support/consumer.py leave their traces."""
    folder = tmp_path / "traces"
    folder.mkdir()
    return folder


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """Clocks of periodic tasks that the test sets."""
    monkeypatch.setattr(failure_log, "_failing", {})  # as in a new process
    made = Clock()
    monkeypatch.setattr(periodic, "time", made)
    return made
