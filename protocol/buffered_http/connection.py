"""One connection, and the request that arrives on it."""

from __future__ import annotations

import socket
import time
from enum import Enum, auto
from typing import Any

from gunicorn.http import RequestParser
from gunicorn.http.errors import LimitRequestHeaders

from .bodies import MEMORY_BYTES, Body, BodyError
from .budget import BodyBudgets
from .writer import Rate, ResponseWriter

RECEIVE_BYTES = 64 * 1024
MAX_HEAD_BYTES = 64 * 1024
HEAD_END = b"\r\n\r\n"


class State(Enum):
    """What a connection waits for."""

    IDLE = auto()  # the first byte of a request
    HEAD = auto()  # the rest of the head of a request
    BODY = auto()  # the rest of its body
    ANSWERING = auto()  # a thread, which has the connection until it gives it back
    SENDING = auto()  # the client, which has not read all of the response
    DRAINING = auto()  # the client to read a response and close, with the rest of a request that nobody reads


class Connection:
    """A connection, used by the event loop, and while ANSWERING by one thread.

    Attributes:
        received: bytes that belong to no request yet.
        request: gunicorn's, once its head is whole.
        body: of that request.
        state: what the connection waits for.
        deadline: when it is closed in this state, by the monotonic clock.
        closes: whether it is closed after the current response.
    """

    def __init__(self, sock: socket.socket, client: Any, server: Any, idle_s: float) -> None:
        self.sock, self.client, self.server = sock, client, server
        self.received = bytearray()
        self.request: Any = None
        self.body: Body | None = None
        self.writer: ResponseWriter | None = None
        self.state, self.deadline = State.IDLE, time.monotonic() + idle_s
        self.body_start = 0.0
        self.closes = False

    def wait(self, state: State, seconds: float) -> None:
        """Wait in this state for at most so long."""
        self.deadline = time.monotonic() + seconds
        self.state = state

    def receive(self) -> bool:
        """Take what has arrived; False at the end of the connection."""
        try:
            data = self.sock.recv(RECEIVE_BYTES)
        except BlockingIOError:
            return True
        except OSError:
            return False
        if self.state != State.DRAINING:
            self.received += data
        return bool(data)

    def parse_head(self, cfg: Any, budgets: BodyBudgets, memory_bytes: int) -> bool:
        """Parse the head of the next request, if it is whole. Raises gunicorn's ParseException."""
        while self.received.startswith(b"\r\n"):  # RFC 9112, 2.2: some clients send them after a body
            del self.received[:2]
        end = self.received.find(HEAD_END, 0, MAX_HEAD_BYTES)
        if end < 0 and len(self.received) < MAX_HEAD_BYTES:
            return False
        size = end + len(HEAD_END) if end >= 0 else MAX_HEAD_BYTES
        head = bytes(self.received[:size])
        del self.received[:size]
        if end < 0:
            head = head.partition(b"\r\n")[0] + HEAD_END  # of which gunicorn rejects a too long line
        self.request = next(RequestParser(cfg, [head], self.client))
        if end < 0:
            raise LimitRequestHeaders("limit request headers fields size")
        length = body_length(self.request)
        self.body = Body(length, budgets.of(length, MEMORY_BYTES), memory_bytes)
        self.body_start = time.monotonic()
        return True

    def feed_body(self, most: int) -> bool:
        """Give the body what has arrived; whether it is whole. Raises BodyError, or OSError if it cannot be stored."""
        assert self.body is not None
        if (self.body.length or 0) <= most:
            self.body.feed(self.received)
        if max(self.body.arrived, self.body.length or 0) > most:
            raise BodyError(f"it has more than {most} bytes", 413)
        return self.body.is_whole

    def wait_for_body(self, rate: Rate) -> None:
        """Wait for the rest of the body, as long as it arrives at the least rate."""
        assert self.body is not None
        self.state, self.deadline = State.BODY, self.body_start + rate.allowed_s(self.body.arrived)

    def end_request(self) -> None:
        """Forget the current request."""
        if self.body:
            self.body.close()
        if self.writer:
            self.writer.close()
        self.request = self.body = self.writer = None

    def close(self) -> None:
        """Close the socket."""
        self.end_request()
        self.sock.close()


def body_length(request: Any) -> int | None:
    """The length of the body of a request; None if it comes in chunks. gunicorn has checked the headers."""
    headers = dict(request.headers)
    if "TRANSFER-ENCODING" in headers:
        return None
    return int(headers.get("CONTENT-LENGTH", 0))


def expects_continue(request: Any) -> bool:
    """Whether the client waits for `100 Continue` before it sends the body."""
    return request.version >= (1, 1) and any(name == "EXPECT" and value.lower() == "100-continue" for name, value in request.headers)
