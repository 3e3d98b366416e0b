"""The message queues of huey. A message carries the id of a background job; the job itself is a database row.

A message is the name of the task and the id, in JSON. A lost message delays its job until the next sweep (store.py),
so SQLite need not sync to disk at each message: `synchronous=normal` in WAL mode may lose the last messages with a
power cut, but never damages the file as huey's `fsync=False` would.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from inspect import signature
from typing import Any
from urllib.parse import parse_qsl

from huey.api import Huey
from huey.registry import Message
from huey.serializer import Serializer
from huey.storage import RedisStorage, SqliteStorage

from app.core.outages import outages_logged
from app.core.settings import Settings
from app.queue.settings import QueueSettings

SQLITE_TIMEOUT_S = 10
REDIS_TIMEOUT_S = 5


def unknown_parameters(url: str) -> list[str]:
    """The parameters of the URL of a Redis server that its driver does not have.

    Raises ImportError without the driver, ValueError for a wrong value of a parameter that it has.
    """
    from redis import ConnectionPool

    server, _, query = url.partition("?")
    connection = ConnectionPool.from_url(server).connection_class
    accepted = {name for each in connection.__mro__ for name in signature(each.__init__).parameters} - {"self", "args", "kwargs"}
    names = [name for name, _ in parse_qsl(query, keep_blank_values=True)]
    unknown = [name for name in names if name not in accepted | {"max_connections"}]
    if not unknown:
        ConnectionPool.from_url(url)
    return unknown


class JsonSerializer(Serializer):  # type: ignore[misc]  # huey is not typed
    """Messages as JSON: the name of the task and its arguments. No other field of a huey message is used."""

    def _serialize(self, message: Message) -> bytes:
        return json.dumps([message.name, *message.args]).encode()

    def _deserialize(self, data: bytes) -> Message:
        name, *arguments = json.loads(data)
        return Message(id=None, name=name, args=tuple(arguments))


class PatientQueue:
    """Has no message in an outage: otherwise every worker would log a traceback several times a second."""

    def dequeue(self) -> Any:
        """The next message; None if there is none."""
        with outages_logged("Messages are not taken from the queue"):
            return super().dequeue()  # type: ignore[misc]  # a storage of huey follows

    def read_schedule(self, timestamp: object) -> Any:
        """Messages for later: DQM Hub has none, but huey's scheduler reads them each second."""
        return []


class RedisQueueStorage(PatientQueue, RedisStorage):  # type: ignore[misc]  # huey is not typed
    """huey's storage in Redis. A server that does not respond counts as unreachable after REDIS_TIMEOUT_S."""

    def __init__(self, name: str, url: str) -> None:
        from redis import ConnectionPool

        pool = ConnectionPool.from_url(url, socket_timeout=REDIS_TIMEOUT_S, socket_connect_timeout=REDIS_TIMEOUT_S)
        super().__init__(name, connection_pool=pool)


class SqliteQueueStorage(PatientQueue, SqliteStorage):  # type: ignore[misc]  # huey is not typed
    """huey's storage in SQLite without a sync to disk at each message."""

    def _create_connection(self) -> Any:
        connection = super()._create_connection()
        connection.execute("pragma synchronous=normal")
        return connection


class JobQueue(Huey):  # type: ignore[misc]  # huey is not typed
    """One message queue: in Redis if the setting `huey_url` names a server, otherwise in data_dir/queue.db.

    `send(job_id)` puts a message into it.
    """

    def __init__(self, name: str, settings: Settings, run: Callable[[int], None]) -> None:
        url = settings.of(QueueSettings).huey_url
        if url:
            storage: dict[str, Any] = {"storage_class": RedisQueueStorage, "url": url}
        else:
            settings.data.mkdir(parents=True, exist_ok=True)
            filename = str(settings.data / "queue.db")
            storage = {"storage_class": SqliteQueueStorage, "filename": filename, "timeout": SQLITE_TIMEOUT_S}
        super().__init__(name, results=False, serializer=JsonSerializer(), **storage)
        self.send = self.task()(run)

    def job_ids(self) -> set[int]:
        """Ids of the jobs with a message in this queue."""
        return {task.args[0] for task in self.pending() if task.args}
