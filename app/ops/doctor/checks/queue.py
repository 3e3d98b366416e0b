"""Whether the server of the job queues answers."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import urlsplit

from app.core.settings import Settings
from app.ops.doctor.diagnosis import Diagnosis
from app.queue.settings import QueueSettings

TIMEOUT_S = 30.0


def check(settings: Settings, url: str) -> Iterator[Diagnosis]:
    """A ping of Redis."""
    address = settings.of(QueueSettings).huey_url
    if not address:
        yield Diagnosis("ok", "the queues are in data_dir; huey_url is not set")
        return
    from redis import Redis, RedisError  # loads slowly

    place = urlsplit(address).netloc.rpartition("@")[2] or urlsplit(address).path  # without its password
    try:
        with Redis.from_url(address, socket_timeout=TIMEOUT_S, socket_connect_timeout=TIMEOUT_S) as server:
            server.ping()
    except (RedisError, OSError, ValueError) as error:
        reason = " ".join(str(error).split())
        yield Diagnosis("error", f"Redis at {place} does not answer, so background jobs wait: {reason}", "Start it, or correct huey_url")
    else:
        yield Diagnosis("ok", f"Redis at {place} answers")
