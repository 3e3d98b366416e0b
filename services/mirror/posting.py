"""POST /snapshots: reads no more than it must from a sender who may be anybody."""

from __future__ import annotations

import threading
from contextlib import suppress
from socket import SHUT_RDWR
from typing import Any

from bottle import HTTPResponse, request

from .limits import Limiter
from .receiving import Receiver
from .snapshot import FIRST_LINE, Refused, key_id
from .web import as_json, problem

FIRST_LINE_BYTES = 164
BODY_S, PAUSE_S = 120, 30
"""After so long a snapshot must be here, whoever sends it; and so long a sender who names a key of ours may pause, since links are bad at times."""

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
        self._room = threading.BoundedSemaphore(AT_ONCE)

    def take(self) -> HTTPResponse:
        address = request.environ["mirror.address"]
        if wait := self.failing.wait_s(address, 0):
            raise problem(429, "too many snapshots of this address were refused", headers={"Retry-After": str(int(wait) + 1)})
        if not self._room.acquire(blocking=False):
            raise problem(503, "other snapshots are being taken", headers={"Retry-After": "2"})
        try:
            return as_json(self.receiver.take(self._body()).shape())
        except Refused as refusal:
            self.receiver.note(refusal)
            if refusal.status not in (409, 507):
                self.failing.wait_s(address)
            raise problem(refusal.status, str(refusal), more=self.receiver.store.state().shape()) from refusal
        finally:
            self._room.release()

    def _body(self) -> bytes:
        """The bytes of the request; Refused before most of them are read when the first line or the length say enough."""
        environ = request.environ
        length = environ.get("CONTENT_LENGTH") or ""
        if not length.isdecimal():
            raise Refused(411, "a snapshot is sent with its length")
        if int(length) > self.largest:
            raise Refused(413, f"it has {length} bytes, and this mirror takes {self.largest}")
        connection = environ.get("gunicorn.socket")
        late = threading.Timer(BODY_S, _hang_up, [connection])
        late.start()
        try:
            stream = environ["wsgi.input"]
            first = stream.read(min(FIRST_LINE_BYTES, int(length)))
            self._look_at(first)
            if connection:
                connection.settimeout(PAUSE_S)
            body: bytes = first + stream.read(int(length) - len(first))
        except OSError as error:
            raise Refused(408, "the snapshot did not come in time") from error
        finally:
            late.cancel()
        if len(body) != int(length):
            raise Refused(400, f"{len(body)} of {length} bytes came")
        return body

    def _look_at(self, first: bytes) -> None:
        found = FIRST_LINE.fullmatch(first)
        if not found:
            raise Refused(400, "this is no snapshot: its first line is not DQMHUB-SNAPSHOT 1 with a key and a signature")
        if found[1].decode() not in {key_id(key) for key in self.receiver.keys}:
            raise Refused(403, f"the key {found[1].decode()} is not one that this mirror trusts")


def _hang_up(connection: Any) -> None:
    with suppress(OSError, AttributeError):
        connection.shutdown(SHUT_RDWR)
