"""The queues of huey: who is told that there is work. What the work is, and its state, is in the table `work`.

A message is the name of the task and the number of a work row, in JSON. Losing one delays its work until the next
sweep (book.py), so SQLite need not wait for the disk at each message: `synchronous=normal` in WAL mode may lose
the last messages with a power cut, but never damages the file as huey's `fsync=False` would.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from huey.api import Huey
from huey.registry import Message
from huey.serializer import Serializer
from huey.storage import RedisStorage, SqliteStorage

from app.core.settings import Settings
from app.queue.settings import QueueSettings

QUEUES = ("live", "bulk")
"""live: what repeats and must never wait; bulk: what takes long."""


class JsonMessages(Serializer):  # type: ignore[misc]  # huey is not typed
    """A message as JSON: the name of the task and its arguments, which is all that this product uses of huey."""

    def _serialize(self, message: Message) -> bytes:
        return json.dumps([message.name, *message.args]).encode()

    def _deserialize(self, data: bytes) -> Message:
        name, *arguments = json.loads(data)
        return Message(id=None, name=name, args=tuple(arguments))


class QueueFile(SqliteStorage):  # type: ignore[misc]  # huey is not typed
    def _create_connection(self) -> Any:
        connection = super()._create_connection()
        connection.execute("pragma synchronous=normal")
        return connection


class Queue(Huey):  # type: ignore[misc]  # huey is not typed
    """One queue; in Redis when `huey_url` names one, else in data_dir/queue.db. `tell(number)` puts a message."""

    def __init__(self, name: str, settings: Settings, task: Callable[[int], None]) -> None:
        if settings.of(QueueSettings).huey_url:
            storage: dict[str, Any] = {"storage_class": RedisStorage, "url": settings.of(QueueSettings).huey_url}
        else:
            settings.data.mkdir(parents=True, exist_ok=True)
            storage = {"storage_class": QueueFile, "filename": str(settings.data / "queue.db"), "timeout": 10}
        super().__init__(name, results=False, serializer=JsonMessages(), **storage)
        self.tell = self.task()(task)

    def waiting(self) -> set[int]:
        """The numbers of the work rows that have a message in this queue."""
        return {task.args[0] for task in self.pending() if task.args}
