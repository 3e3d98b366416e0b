"""Jobs with both databases and queues: SQLite with a queue file, PostgreSQL with Redis."""

from __future__ import annotations

from pathlib import Path

import pytest
import redis

from app.core.settings import Settings
from app.queue import execution


@pytest.fixture
def hub(hub: Settings, request: pytest.FixtureRequest) -> Settings:
    """An empty database and empty queues, with a lease short enough to wait for its end."""
    if hub.database_url:
        url = request.getfixturevalue("redis_url")
        with redis.Redis.from_url(url) as server:
            server.flushall()
        hub = hub.replace(huey_url=url)
    hub = hub.replace(job_lease_s=1.0)
    execution.connect(hub)
    return hub


@pytest.fixture
def traces(tmp_path: Path) -> Path:
    """The folder where the handlers of tests/support/consumer.py leave their traces."""
    folder = tmp_path / "traces"
    folder.mkdir()
    return folder
