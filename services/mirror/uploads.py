"""POST /snapshots. The worker receives whole snapshots only of senders that name a trusted key; see `is_refused_by_its_start`."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from bottle import HTTPResponse, request
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from protocol.snapshot import FIRST_LINE, FIRST_LINE_BYTES, NO_FIRST_LINE, SnapshotError, key_id, untrusted_key

from .rate_limit import RateLimiter
from .receiver import Receiver
from .responses import error_response, json_response

UPLOAD_SLOTS = 2
"""Snapshots that are verified at the same time; each takes memory."""

FREE_REFUSALS, REFUSALS_PER_S = 10, 0.1
"""Refused uploads of one address before it must wait, and their rate afterwards."""

NOT_CHARGED = (409, 507)
"""Refusals without a fault of the sender: a hub that is behind, and a full disk."""


class UploadHandler:
    """Receives uploaded snapshots.

    Attributes:
        max_bytes: maximum size of a snapshot.
        refusals: limits senders of refused snapshots.
    """

    def __init__(self, receiver: Receiver, max_bytes: int) -> None:
        self.receiver = receiver
        self.max_bytes = max_bytes
        self.refusals = RateLimiter(REFUSALS_PER_S, FREE_REFUSALS)
        self._upload_slots = threading.BoundedSemaphore(UPLOAD_SLOTS)

    def upload(self) -> HTTPResponse:
        """Answer POST /snapshots."""
        address, start = request.environ["mirror.address"], time.monotonic()
        if wait := self.refusals.wait_s(address, 0):
            raise error_response(429, "Too many refused snapshots from this address", headers={"Retry-After": str(int(wait) + 1)})
        try:
            length = self._content_length()
            first_line = self._read_first_line(length)
            with _slot(self._upload_slots):
                raw = first_line + _read(length - len(first_line))
                return json_response(self.receiver.receive(raw).as_json())
        except SnapshotError as refusal:
            self.receiver.count_refusal(refusal)
            if refusal.status not in NOT_CHARGED:  # slow senders pay for the time, too
                self.refusals.charge(address, 1 + (time.monotonic() - start) * REFUSALS_PER_S)
            raise error_response(refusal.status, str(refusal), extra=self.receiver.store.state().as_json()) from refusal

    def _content_length(self) -> int:
        length = request.environ.get("CONTENT_LENGTH") or ""
        if not length.isdecimal():
            raise SnapshotError(411, "An upload needs a Content-Length")
        if int(length) > self.max_bytes:
            raise SnapshotError(413, f"The snapshot has {length} bytes; this mirror accepts at most {self.max_bytes}")
        return int(length)

    def _read_first_line(self, length: int) -> bytes:
        """Read the first line, and check that it names a trusted key."""
        first_line = _read(min(FIRST_LINE_BYTES, length))
        check_first_line(first_line, self.receiver.keys)
        return first_line


def check_first_line(first_line: bytes, keys: Iterable[Ed25519PublicKey]) -> None:
    """Raise SnapshotError (400, 403) unless the first line of a snapshot names one of these keys."""
    match = FIRST_LINE.fullmatch(first_line)
    if not match:
        raise SnapshotError(400, NO_FIRST_LINE)
    if match[1].decode() not in {key_id(key) for key in keys}:
        raise untrusted_key(match[1].decode())


def is_refused_by_its_start(length: int | None, start: bytes, max_bytes: int, keys: Iterable[Ed25519PublicKey]) -> bool:
    """Whether the start of an upload is a reason to refuse it, so that the rest need not be received.

    Args:
        length: of the body; None in chunks.
        start: of the body, at most FIRST_LINE_BYTES.
    """
    if length is not None and length > max_bytes:
        return True
    if len(start) < FIRST_LINE_BYTES:
        return False
    try:
        check_first_line(start, keys)
    except SnapshotError:
        return True
    return False


def _read(size: int) -> bytes:
    """Read exactly `size` bytes of the body. Raises SnapshotError (400)."""
    body: bytes = request.environ["wsgi.input"].read(size)
    if len(body) != size:
        raise SnapshotError(400, f"The upload ended after {len(body)} of {size} bytes")
    return body


@contextmanager
def _slot(slots: threading.Semaphore) -> Iterator[None]:
    """Hold one of a few slots; status 503 when none is free."""
    if not slots.acquire(blocking=False):
        raise error_response(503, "Other snapshots are being received; try again", headers={"Retry-After": "2"})
    try:
        yield
    finally:
        slots.release()
