"""Responses: sent as far as the client reads them, the rest later."""

from __future__ import annotations

import select
import socket
import threading
import time
from collections import deque
from typing import NamedTuple

from .budget import Budget

COALESCE_BYTES = 64 * 1024
"""Pieces of a response are sent together up to this size."""

MAX_PENDING_BYTES = 1024 * 1024
"""With more than this unread, the thread that makes the response waits for its reader."""


class SlowReaderError(ConnectionError):
    """The client reads more slowly than the least rate, or too many others do."""


class Rate(NamedTuple):
    """The least rate of a transfer: it may take `least_s`, and a second more for each `bytes_per_s`."""

    least_s: float
    bytes_per_s: float

    def allowed_s(self, transferred: int) -> float:
        """How long the transfer of so many bytes may take."""
        return self.least_s + transferred / self.bytes_per_s


class ResponseWriter:
    """Takes the place of the socket for gunicorn's `Response`, and never blocks on it, except for large responses in pieces.

    Attributes:
        sent: bytes that the kernel has taken.
        waited_s: time for which a thread has waited for the reader.
    """

    def __init__(self, sock: socket.socket, rate: Rate, budget: Budget, slots: threading.Semaphore) -> None:
        self.sock = sock
        self.rate = rate
        self.sent = 0
        self.waited_s = 0.0
        self._budget = budget
        self._slots = slots
        self._pieces: deque[memoryview] = deque()
        self._pending = 0

    def sendall(self, data: bytes) -> None:
        """Send a piece of the response now or later. Raises OSError if the connection has ended, SlowReaderError."""
        if self._pending > MAX_PENDING_BYTES:
            self._wait()
        if not self._budget.take(len(data)):
            raise SlowReaderError("responses that are not read take too much memory")
        self._pieces.append(memoryview(data))
        self._pending += len(data)
        if self._pending >= COALESCE_BYTES:
            self.flush()

    def send(self, data: bytes) -> int:
        """Called by gunicorn for `100 Continue`, which has been sent when the head came."""
        return len(data)

    def flush(self) -> bool:
        """Send what the kernel takes; whether nothing is left. Raises OSError."""
        while self._pieces:
            if len(self._pieces) > 1 and self._pending <= COALESCE_BYTES:
                self._pieces = deque([memoryview(b"".join(self._pieces))])
            piece = self._pieces[0]
            try:
                count = self.sock.send(piece)
            except BlockingIOError:
                return False
            self._count(count)
            if count < len(piece):
                self._pieces[0] = piece[count:]
            else:
                self._pieces.popleft()
        return True

    def left_s(self) -> float:
        """For how long the reader may still be waited for, s."""
        return self.rate.allowed_s(self.sent) - self.waited_s

    def close(self) -> None:
        """Drop what is left."""
        self._pieces.clear()
        self._budget.give_back(self._pending)
        self._pending = 0

    def _count(self, sent: int) -> None:
        self.sent += sent
        self._pending -= sent
        self._budget.give_back(sent)

    def _wait(self) -> None:
        """Wait in this thread until the client has read; only some threads may, so that others answer."""
        if self.flush():
            return
        if not self._slots.acquire(blocking=False):
            raise SlowReaderError("too many large responses are read slowly")
        start = time.monotonic()
        try:
            poll = select.poll()
            poll.register(self.sock, select.POLLOUT)
            while self._pending > MAX_PENDING_BYTES // 2:
                left_s = self.left_s() - (time.monotonic() - start)
                if left_s <= 0:
                    raise SlowReaderError("a large response is read too slowly")
                poll.poll(1000 * min(left_s, 1.0) + 1)
                self.flush()
        finally:
            self.waited_s += time.monotonic() - start
            self._slots.release()
