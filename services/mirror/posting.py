"""POST /snapshots: reads no more than it must from a sender who may be anybody."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from socket import SHUT_RDWR
from typing import Any

from bottle import HTTPResponse, request

from protocol.snapshot import FIRST_LINE, FIRST_LINE_BYTES, NO_FIRST_LINE, SnapshotError, key_id, untrusted_key

from .limits import Limiter
from .receiving import Receiver
from .web import as_json, problem

BODY_S, PAUSE_S = 120, 30
"""After so long a snapshot must be here, whoever sends it; and so long a sender who names a key of ours may pause, since links are bad at times."""

FIRST_LINE_S, BEGINNINGS = 5, 4
"""So long the first line may take, which anybody can begin to send, and so many may be on the way at once; they take no room of those below."""

AT_ONCE = 2
"""Snapshots that are read and verified at once: each takes memory."""

FAILURES, FAILURES_PER_S = 10, 0.1
"""So many refusals are free for one address, and then one each 10 s; what a hub that is behind is told (409) is none."""


class Posting:
    """Takes posted snapshots. largest: their bytes."""

    def __init__(self, receiver: Receiver, largest: int) -> None:
        self.receiver = receiver
        self.largest = largest
        self.failing = Limiter(FAILURES_PER_S, FAILURES)
        self._door = threading.BoundedSemaphore(BEGINNINGS)
        self._room = threading.BoundedSemaphore(AT_ONCE)

    def take(self) -> HTTPResponse:
        address, begun = request.environ["mirror.address"], time.monotonic()
        if wait := self.failing.wait_s(address, 0):
            raise problem(429, "too many snapshots of this address were refused", headers={"Retry-After": str(int(wait) + 1)})
        try:
            length = self._length()
            with _in(self._door), _within(FIRST_LINE_S):
                first = self._read(min(FIRST_LINE_BYTES, length))
            self._look_at(first)
            with _in(self._room):
                with _within(BODY_S, PAUSE_S):
                    body = first + self._read(length - len(first))
                return as_json(self.receiver.take(body).shape())
        except SnapshotError as refusal:
            self.receiver.note(refusal)
            if refusal.status not in (409, 507):  # who takes long to be refused pays for the time, too
                self.failing.charge(address, 1 + (time.monotonic() - begun) * FAILURES_PER_S)
            raise problem(refusal.status, str(refusal), more=self.receiver.store.state().shape()) from refusal

    def _length(self) -> int:
        length = request.environ.get("CONTENT_LENGTH") or ""
        if not length.isdecimal():
            raise SnapshotError(411, "a snapshot is sent with its length")
        if int(length) > self.largest:
            raise SnapshotError(413, f"it has {length} bytes, and this mirror takes {self.largest}")
        return int(length)

    def _read(self, size: int) -> bytes:
        """So many bytes of the request; SnapshotError when they do not come."""
        try:
            read: bytes = request.environ["wsgi.input"].read(size)
        except OSError as error:
            raise SnapshotError(408, "the snapshot did not come in time") from error
        if len(read) != size:
            raise SnapshotError(400, f"{len(read)} bytes came where {size} are missing")
        return read

    def _look_at(self, first: bytes) -> None:
        found = FIRST_LINE.fullmatch(first)
        if not found:
            raise SnapshotError(400, NO_FIRST_LINE)
        if found[1].decode() not in {key_id(key) for key in self.receiver.keys}:
            raise untrusted_key(found[1].decode())


@contextmanager
def _in(room: threading.Semaphore) -> Iterator[None]:
    """A place in a room of few; an answer with 503 when there is none."""
    if not room.acquire(blocking=False):
        raise problem(503, "other snapshots are being taken", headers={"Retry-After": "2"})
    try:
        yield
    finally:
        room.release()


@contextmanager
def _within(seconds: float, pause: float | None = None) -> Iterator[None]:
    """Hang up on who is not done with the block by then, however little but often is sent; pause: so long nothing may come."""
    connection = request.environ.get("gunicorn.socket")
    if connection and pause:
        connection.settimeout(pause)
    late = threading.Timer(seconds, _hang_up, [connection])
    late.start()
    try:
        yield
    finally:
        late.cancel()


def _hang_up(connection: Any) -> None:
    with suppress(OSError, AttributeError):
        connection.shutdown(SHUT_RDWR)
