"""Settings of the background jobs."""

from __future__ import annotations

from dataclasses import dataclass

from app.core.settings.checks import between, url_of
from app.core.settings.table import setting, settings_table


@settings_table
@dataclass(frozen=True)
class QueueSettings:
    """Settings of the background jobs."""

    huey_url: str = setting(
        "", "Redis server of the work queues, redis://host:6379/0; empty: SQLite in data_dir.",
        url_of("redis", "rediss", "unix"), secret=True, env="HUEY_URL",
    )  # fmt: skip
    live_threads: int = setting(4, "Threads of the consumer of the live queue.", between(1, 64))
    worker_processes: int = setting(2, "Processes of the consumer of the bulk queue.", between(1, 64))
    work_lease_s: float = setting(20.0, "Seconds after which work whose process went silent is queued again.", between(1, 3600))
