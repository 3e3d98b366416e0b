"""Sends responses as fast as the client reads them."""

from __future__ import annotations

import fcntl
import socket
import struct
import termios
from collections import deque

from .budget import Budget

COALESCE_BYTES = 64 * 1024
"""Pieces of a response are sent together up to this size."""

FULL_BYTES = 1024 * 1024
"""A response with more unread bytes than this pauses until the client has read half of them."""


class ClientGoneError(Exception):
    """The connection to the client has ended."""


class ResponseWriter:
    """Takes the place of the socket for gunicorn's `Response`, and never blocks on it.

    Attributes:
        pending: bytes that the kernel has not taken.
        sent: bytes that it has.
    """

    def __init__(self, sock: socket.socket, budget: Budget) -> None:
        self.sock = sock
        self.pending = 0
        self.sent = 0
        self._budget = budget
        self._pieces: deque[memoryview] = deque()

    def sendall(self, data: bytes) -> None:
        """Send a piece of the response now or later. Raises ClientGoneError."""
        self._pieces.append(memoryview(data))
        self._count(len(data))
        if self.pending >= COALESCE_BYTES:
            self.flush()

    def send(self, data: bytes) -> int:
        """Called by gunicorn for `100 Continue`, which has been sent when the head came."""
        return len(data)

    def flush(self) -> bool:
        """Send what the kernel takes; whether nothing is left. Raises ClientGoneError."""
        while self._pieces:
            if len(self._pieces) > 1 and self.pending <= COALESCE_BYTES:
                self._pieces = deque([memoryview(b"".join(self._pieces))])
            piece = self._pieces[0]
            try:
                sent = self.sock.send(piece)
            except BlockingIOError:
                return False
            except OSError as error:
                raise ClientGoneError(str(error)) from error
            self.sent += sent
            self._count(-sent)
            if sent < len(piece):
                self._pieces[0] = piece[sent:]
            else:
                self._pieces.popleft()
        return True

    def received(self) -> int:
        """Bytes that the client's machine has taken: the kernel holds up to some MB of what it has not."""
        unread = fcntl.ioctl(self.sock, termios.TIOCOUTQ, bytes(4))
        return self.sent - int(struct.unpack("i", unread)[0])

    def close(self) -> None:
        """Drop what is left."""
        self._pieces.clear()
        self._count(-self.pending)

    def _count(self, more: int) -> None:
        self.pending += more
        self._budget.add(more)
