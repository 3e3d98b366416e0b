"""A worker class of gunicorn in which threads get whole requests only, and wait for no reader of a response.

Its event loop receives heads and bodies, each with a deadline as a whole, and sends what clients have not read of
responses. It uses what gunicorn documents for worker classes: `gunicorn.workers.base.Worker`, its parser of heads and its
`Response`.
"""

from __future__ import annotations

import os
import queue
import select
import socket
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import Any

from gunicorn.workers.base import Worker

from .answering import answer, log_failure
from .bodies import MAX_BODY_BYTES, MEMORY_BYTES, BodyError
from .budget import RESPONSES_BYTES, SMALL_BODIES_BYTES, BodyBudgets, Budget
from .connection import Connection, State, expects_continue
from .open_files import connections_allowed
from .rejections import rejection, response
from .writer import Rate, ResponseWriter

DRAIN_S = 2.0
"""How long a client may take to read an error before the rest of its request is refused."""

SWEEP_S = 0.5
STOP_IDLE_S = 1.0
"""For so long a stopping worker answers on connections that are kept alive: a request may be on its way."""

WAITS_FOR_REQUEST = (State.IDLE, State.HEAD, State.BODY)

ONCE = select.EPOLLONESHOT
"""An event ends its own registration, so that only one thread uses a connection."""


class BufferedWorker(Worker):  # type: ignore[misc]  # gunicorn has no types
    """A worker whose connections all wait in one event loop, except while a thread answers a whole request.

    Attributes:
        EARLY_BYTES: of a body that `answers_early` needs at most.
        head_s: deadline of a whole head, s.
        body_rate: least rate of a body.
        read_rate: least rate of the reader of a response.
        max_body_bytes: of one request.
        body_memory_bytes: of one request in memory; a larger body is in a temporary file.
        body_budget_bytes: of all large bodies of the process.
    """

    EARLY_BYTES = 0
    head_s = 10.0
    body_rate = Rate(30.0, 16 * 1024)
    read_rate = Rate(30.0, 16 * 1024)
    max_body_bytes = MAX_BODY_BYTES
    body_memory_bytes = MEMORY_BYTES
    body_budget_bytes = 4 * MAX_BODY_BYTES

    def init_process(self) -> None:
        """Called by gunicorn in the new process."""
        self.max_connections = max(16, min(self.cfg.worker_connections, connections_allowed(self.cfg.worker_connections)))
        self.connections: dict[int, Connection] = {}
        self.bodies = BodyBudgets(Budget(SMALL_BODIES_BYTES), Budget(self.body_budget_bytes))
        self.responses = Budget(RESPONSES_BYTES)
        self.reader_slots = threading.BoundedSemaphore(max(1, self.cfg.threads // 2))
        self.threads = ThreadPoolExecutor(self.cfg.threads, "request")
        self.returned: queue.SimpleQueue[Connection] = queue.SimpleQueue()
        self.next_sweep = 0.0
        super().init_process()

    def answers_early(self, request: Any, body_length: int | None, start: bytes) -> bool:
        """Whether the application gets a request before its body is whole, since it will refuse it; to be overridden.

        Args:
            request: gunicorn's, with method, path and headers.
            body_length: None in chunks.
            start: the beginning of the body, as far as it has arrived, of at most EARLY_BYTES.
        """
        return False

    def run(self) -> None:
        """Serve until a signal stops the worker; called by gunicorn."""
        self.epoll = select.epoll()
        self.epoll.register(self.PIPE[0], select.EPOLLIN)
        listeners = {listener.fileno(): listener for listener in self.sockets}
        for number, listener in listeners.items():
            listener.setblocking(False)
            self.epoll.register(number, select.EPOLLIN)
        while self.alive:
            self._poll(listeners)
            if self.ppid != os.getppid():
                self.log.info("Parent changed, shutting down: %s", self)
                break
        self._stop(listeners)

    def _poll(self, listeners: dict[int, Any]) -> None:
        self.notify()
        for number, event in self.epoll.poll(SWEEP_S):
            if number in listeners:
                self._accept(listeners[number])
            elif number == self.PIPE[0]:
                with suppress(BlockingIOError):
                    os.read(number, 4096)
            elif connection := self.connections.get(number):
                self._attempt(self._continue, connection, event)
        while not self.returned.empty():
            self._attempt(self._take_back, self.returned.get())
        now = time.monotonic()
        if now >= self.next_sweep:
            self.next_sweep = now + SWEEP_S
            for connection in [one for one in self.connections.values() if one.deadline <= now and one.state != State.ANSWERING]:
                self._attempt(self._expire, connection)

    def _attempt(self, step: Callable[..., None], connection: Connection, *arguments: int) -> None:
        """Do a step for a connection; a fault in it ends this connection, and the others go on."""
        try:
            step(connection, *arguments)
        except Exception:
            self.log.exception("Error on the connection of %s", connection.client)
            if connection.state != State.ANSWERING and connection in self.connections.values():
                self._close(connection)

    def _stop(self, listeners: dict[int, Any]) -> None:
        """Answer what is being answered, for at most graceful_timeout."""
        for number, listener in listeners.items():
            self.epoll.unregister(number)
            listener.close()
        start = time.monotonic()
        while self.connections and time.monotonic() < start + self.cfg.graceful_timeout:
            self._poll({})
            if time.monotonic() > start + STOP_IDLE_S:
                for connection in [one for one in self.connections.values() if one.state == State.IDLE]:
                    self._close(connection)
        self.threads.shutdown(wait=False, cancel_futures=True)

    # Connections

    def _accept(self, listener: Any) -> None:
        for _ in range(64):
            try:
                sock, client = listener.accept()
            except OSError:  # none is left, or it has gone already
                return
            sock.setblocking(False)
            if len(self.connections) >= self.max_connections:
                self._make_room()
            connection = Connection(sock, client, listener.getsockname(), self.head_s)
            self.connections[sock.fileno()] = connection
            self.epoll.register(sock.fileno(), select.EPOLLIN | ONCE)

    def _make_room(self) -> None:
        """Close the connection that would be closed first for its silence, so that silent clients keep nobody out."""
        waiting = [one for one in self.connections.values() if one.state != State.ANSWERING]
        if waiting:
            self._close(min(waiting, key=lambda one: one.deadline))

    def _continue(self, connection: Connection, event: int) -> None:
        if connection.state == State.SENDING:
            self._send_rest(connection)
        elif not connection.receive():
            self._close(connection)
        elif connection.state == State.DRAINING:
            self._arm(connection, select.EPOLLIN)
        else:
            self._advance(connection)

    def _advance(self, connection: Connection) -> None:
        """Use what has arrived: wait for the rest of a request, or give it to a thread."""
        try:
            if connection.request is None and not self._begin_request(connection):
                return
            if connection.feed_body(self.max_body_bytes):
                self._answer(connection, is_early=False)
            elif (body := connection.body) and self.answers_early(connection.request, body.length, body.start(self.EARLY_BYTES)):
                self._answer(connection, is_early=True)
            else:
                if connection.state != State.BODY and expects_continue(connection.request):
                    connection.sock.send(b"HTTP/1.1 100 Continue\r\n\r\n")
                connection.wait_for_body(self.body_rate)
                self._arm(connection, select.EPOLLIN)
        except Exception as error:  # of gunicorn's parser, whose classes have no common base, or of a body
            self._reject(connection, error)

    def _begin_request(self, connection: Connection) -> bool:
        """Parse the head; False if it is not whole, and is waited for."""
        if not connection.parse_head(self.cfg, self.bodies, self.body_memory_bytes):
            if not connection.received:
                connection.wait(State.IDLE, self.cfg.keepalive)
            elif connection.state != State.HEAD:
                connection.wait(State.HEAD, self.head_s)
            self._arm(connection, select.EPOLLIN)
            return False
        return True

    def _reject(self, connection: Connection, error: Exception) -> None:
        """Refuse a request that the application never sees."""
        if isinstance(error, BodyError | OSError):
            self.log.info("Body of a request of %s refused: %s", connection.client[0], error)
        else:
            self.log.warning("Invalid request from ip=%s: %s", connection.client[0], error)
        self._refuse(connection, rejection(error))

    def _refuse(self, connection: Connection, content: bytes) -> None:
        connection.end_request()
        with suppress(OSError):
            connection.sock.send(content)
        self._drain(connection)

    def _drain(self, connection: Connection) -> None:
        """Let the client read the response: closing with unread bytes of a request would discard it."""
        connection.received.clear()
        try:
            connection.sock.shutdown(socket.SHUT_WR)
        except OSError:
            self._close(connection)
            return
        connection.wait(State.DRAINING, DRAIN_S)
        self._arm(connection, select.EPOLLIN)

    def _expire(self, connection: Connection) -> None:
        """A deadline is over: close the connection, unless what it waits for has arrived since the last look."""
        if connection.state in WAITS_FOR_REQUEST and connection.receive() and connection.received:
            self._advance(connection)
            if connection.state not in WAITS_FOR_REQUEST or connection.deadline > time.monotonic():
                return
        if connection.state in (State.HEAD, State.BODY):
            part = "head" if connection.state == State.HEAD else "body"
            self._refuse(connection, response(408, f"The {part} of the request took too long"))
        else:
            self._close(connection)

    def _close(self, connection: Connection) -> None:
        del self.connections[connection.sock.fileno()]
        connection.close()  # which also ends its registration

    def _arm(self, connection: Connection, event: int) -> None:
        self.epoll.modify(connection.sock.fileno(), event | ONCE)

    # Answers

    def _answer(self, connection: Connection, is_early: bool) -> None:
        """Give a request to a thread."""
        connection.state, connection.closes = State.ANSWERING, is_early
        connection.writer = ResponseWriter(connection.sock, self.read_rate, self.responses, self.reader_slots)
        self.threads.submit(self._run_request, connection)

    def _run_request(self, connection: Connection) -> None:
        """In a thread: make the response, and give the connection back to the event loop."""
        writer = connection.writer
        assert writer is not None
        try:
            connection.closes = answer(connection, self.wsgi, self.cfg, may_keep=self.alive and not connection.closes)
            is_sent = writer.flush()
        except Exception as error:
            log_failure(connection, error)
            writer.close()
            connection.closes, is_sent = True, True
        if is_sent and not connection.closes and not connection.received and self.alive:
            connection.end_request()
            connection.wait(State.IDLE, self.cfg.keepalive)
            self._arm(connection, select.EPOLLIN)
        else:
            self.returned.put(connection)
            with suppress(BlockingIOError):
                os.write(self.PIPE[1], b"x")

    def _take_back(self, connection: Connection) -> None:
        """A thread has made the response: send the rest, then look at what has arrived meanwhile."""
        writer = connection.writer
        assert writer is not None
        connection.wait(State.SENDING, writer.left_s())
        self._send_rest(connection)

    def _send_rest(self, connection: Connection) -> None:
        writer = connection.writer
        assert writer is not None
        try:
            before = writer.sent
            if not writer.flush():
                connection.deadline += (writer.sent - before) / writer.rate.bytes_per_s
                self._arm(connection, select.EPOLLOUT)
                return
        except OSError:
            self._close(connection)
            return
        is_read = connection.body is not None and connection.body.is_whole and not connection.received
        connection.end_request()
        if connection.closes and is_read:
            self._close(connection)
        elif connection.closes:
            self._drain(connection)
        else:
            self._advance(connection)
