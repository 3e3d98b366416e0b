"""Queues for tests of jobs: a file beside SQLite, Redis beside PostgreSQL."""

from __future__ import annotations

import pytest
import redis

from app.core.settings import Settings
from app.queue import execution


def with_queues(hub: Settings, request: pytest.FixtureRequest) -> Settings:
    """Settings with empty queues, and with a lease of jobs that is short enough to wait for its end."""
    if hub.database_url:
        url = request.getfixturevalue("redis_url")
        with redis.Redis.from_url(url) as server:
            server.flushall()
        hub = hub.replace(huey_url=url)
    hub = hub.replace(job_lease_s=3.0)  # a busy machine keeps a process waiting for a second and more
    execution.connect(hub)
    return hub
