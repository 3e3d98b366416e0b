"""Settings of the background jobs."""

from __future__ import annotations

from dataclasses import dataclass

from app.core.settings.checks import between, url_of
from app.core.settings.table import setting, settings_table

QUEUES = ("live", "bulk")
"""live: periodic tasks and urgent jobs; bulk: long jobs."""


@settings_table
@dataclass(frozen=True)
class QueueSettings:
    """Settings of the background jobs."""

    huey_url: str = setting(
        "",
        "Redis server of the queues, e.g. redis://host:6379/0; empty: SQLite in data_dir.",
        url_of("redis", "rediss", "unix"),
        secret=True,
        env="HUEY_URL",
    )
    live_threads: int = setting(4, "Threads of `dqmhub live`, which runs periodic tasks and urgent jobs.", between(1, 64))
    worker_processes: int = setting(2, "Processes of `dqmhub worker`, which runs imports and other long jobs.", between(1, 64))
    job_lease_s: float = setting(20.0, "Seconds without contact after which a job is queued again.", between(1, 3600))
