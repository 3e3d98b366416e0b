"""One connection, and the request that arrives on it."""

from __future__ import annotations

import socket
import time
from enum import Enum, auto
from typing import Any

from gunicorn.http import RequestParser
from gunicorn.http.errors import LimitRequestHeaders

from .answering import Answer
from .bodies import Body, BodyError
from .budget import Budget, network_of
from .rate import Rate
from .writer import ResponseWriter

RECEIVE_BYTES = 64 * 1024
MAX_HEAD_BYTES = 64 * 1024
HEAD_END = b"\r\n\r\n"


class HeadError(Exception):
    """A head that never becomes whole."""


class State(Enum):
    """What a connection waits for."""

    IDLE = auto()  # the first byte of a request
    HEAD = auto()  # the rest of the head of a request
    BODY = auto()  # the rest of its body
    ANSWERING = auto()  # a thread, which has the connection until it gives it back
    SENDING = auto()  # the client, which has not read all of the response
    DRAINING = auto()  # the client, which reads the response and closes; the rest of its request is dropped


class Connection:
    """A connection, used by the event loop, and while ANSWERING by one thread.

    Attributes:
        received: bytes that belong to no request yet.
        request: gunicorn's, once its head is whole.
        body: of that request.
        answer: to that request, once it is whole; and what of the response is not sent in `writer`.
        state: what the connection waits for.
        deadline: when it is closed in this state, by the monotonic clock.
        network: whose it is, see `network_of`.
    """

    def __init__(self, sock: socket.socket, client: Any, server: Any, idle_s: float) -> None:
        self.sock, self.client, self.server = sock, client, server
        self.received = bytearray()
        self.request: Any = None
        self.body: Body | None = None
        self.answer: Answer | None = None
        self.writer: ResponseWriter | None = None
        self.state, self.deadline = State.IDLE, time.monotonic() + idle_s
        self.network = network_of(client)
        self._done = 0

    def wait(self, state: State, seconds: float) -> None:
        """Wait in this state for at most this time."""
        self.deadline = time.monotonic() + seconds
        self.state = state

    def begin_transfer(self, state: State, rate: Rate, done: int) -> None:
        """Wait for the rest of a transfer; so many bytes are done."""
        self.wait(state, rate.patience_s)
        self._done = done

    def progress(self, rate: Rate, done: int) -> bool:
        """Extend the deadline of the transfer, when so many bytes are done; False if it is over."""
        self.deadline = rate.extended(self.deadline, max(0, done - self._done))
        self._done = done
        return self.deadline > time.monotonic()

    def note_body(self, rate: Rate) -> bool:
        """Extend the deadline of the body by what has arrived; whether the body begins here.

        Before room is looked for: then the body nearest to its deadline ends.
        """
        assert self.body is not None
        if self.state == State.BODY:
            self.progress(rate, self.body.arrived)
            return False
        self.begin_transfer(State.BODY, rate, self.body.arrived)
        return True

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

    def parse_head(self, cfg: Any, budget: Budget) -> bool:
        """Parse the head of the next request, if it is whole. Raises HeadError, and gunicorn's ParseException."""
        while self.received.startswith(b"\r\n"):  # RFC 9112, 2.2: some clients send them after a body
            del self.received[:2]
        end = self.received.find(HEAD_END, 0, MAX_HEAD_BYTES)
        if end < 0 and len(self.received) < MAX_HEAD_BYTES:
            if self.received.count(b"\n") > self.received.count(b"\r\n"):
                raise HeadError("a line of the head does not end with CR LF")
            return False
        size = end + len(HEAD_END) if end >= 0 else MAX_HEAD_BYTES
        head = bytes(self.received[:size])
        del self.received[:size]
        if end < 0:
            head = head.partition(b"\r\n")[0] + HEAD_END  # gunicorn rejects a too long line
        self.request = next(RequestParser(cfg, [head], self.client))
        if end < 0:
            raise LimitRequestHeaders("limit request headers fields size")
        self.body = Body(body_length(self.request), budget)
        return True

    def feed_body(self, most: int) -> bool:
        """Give the body what has arrived; whether it is whole. Raises BodyError."""
        assert self.body is not None
        if (self.body.length or 0) <= most:
            self.body.feed(self.received)
        if max(self.body.arrived, self.body.length or 0) > most:
            raise BodyError(f"it has more than {most} bytes", 413)
        return self.body.is_whole

    def end_request(self) -> None:
        """Forget the current request."""
        if self.body:
            self.body.close()
        if self.writer:
            self.writer.close()
        self.request = self.body = self.writer = self.answer = None

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
