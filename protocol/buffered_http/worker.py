"""A worker class of gunicorn: threads get only complete requests, and never wait for clients.

Its event loop receives heads and bodies, each with a deadline for the whole, and sends the bytes of responses that
clients have not read. It uses what gunicorn documents for worker classes: `gunicorn.workers.base.Worker`, its parser of
heads and its `Response`.
"""

from __future__ import annotations

import os
import queue
import select
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import Any

from gunicorn.workers.base import Worker

from protocol.log_lines import about_request

from .answering import Answer
from .bodies import MAX_BODY_BYTES, BodyError
from .budget import Budget
from .connection import Connection, State, expects_continue
from .connections import Connections, body_held, response_held
from .rate import Rate
from .rejections import new_request_id, rejection
from .writer import FULL_BYTES, ClientGoneError, ResponseWriter

SWEEP_S = 0.5
STOP_IDLE_S = 1.0
"""Time in which a stopping worker still answers on connections that are kept alive, s: a request may be on its way."""

WAITS_FOR_REQUEST = (State.IDLE, State.HEAD, State.BODY)


class BufferedWorker(Worker):  # type: ignore[misc]  # gunicorn has no types
    """A worker with one event loop, in which all connections wait except while a thread makes a response.

    Attributes:
        EARLY_BYTES: most bytes of a body that `answers_early` needs.
        head_s: deadline of a whole head, s.
        body_rate: least rate of a body.
        read_rate: least rate at which a client reads a response.
        max_body_bytes: largest body of a request.
        body_budget_bytes: memory for all bodies of the process, without the first `FREE_BYTES` of each.
        response_budget_bytes: memory for all responses of the process that are made and not read.
    """

    EARLY_BYTES = 0
    head_s = 10.0
    body_rate = Rate(30.0, 16 * 1024)
    read_rate = Rate(30.0, 16 * 1024)
    max_body_bytes = MAX_BODY_BYTES
    body_budget_bytes = 4 * MAX_BODY_BYTES
    response_budget_bytes = 256 * 2**20

    def init_process(self) -> None:
        """Called by gunicorn in the new process."""
        self.connections = Connections(self.cfg.worker_connections, self.head_s, self.log, self._abandon)
        self.bodies = Budget(self.body_budget_bytes)
        self.responses = Budget(self.response_budget_bytes)
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
        self.connections.epoll.register(self.PIPE[0], select.EPOLLIN)
        self.connections.listen(self.sockets)
        while self.alive:
            self._poll()
            if self.ppid != os.getppid():
                self.log.info("Parent changed, shutting down: %s", self)
                break
        self._stop()

    def _poll(self) -> None:
        self.notify()
        events = self.connections.epoll.poll(SWEEP_S)
        now = time.monotonic()  # before the events: a stall while they are handled is given by the next look
        self.connections.give_stall(now)
        for number, _ in events:
            if number == self.PIPE[0]:
                with suppress(BlockingIOError):
                    os.read(number, 4096)
            elif connection := self.connections.get(number):
                self._attempt(self._continue, connection)
            else:
                self.connections.accept(number)
        while not self.returned.empty():
            self._attempt(self._take_back, self.returned.get())
        if now >= self.next_sweep:
            self.next_sweep = now + SWEEP_S
            self.connections.listen_again()
            for connection in self.connections.late(now):
                self._attempt(self._expire, connection)

    def _attempt(self, step: Callable[[Connection], None], connection: Connection) -> None:
        """Do a step for a connection; an error in it only ends this connection."""
        try:
            step(connection)
        except Exception:
            self.log.exception("Error on the connection of %s", connection.client)
            if connection.state != State.ANSWERING:
                self.connections.close(connection)

    def _stop(self) -> None:
        """Finish the responses that are being made, within graceful_timeout."""
        self.connections.stop_listening()
        start = time.monotonic()
        while self.connections and time.monotonic() < start + self.cfg.graceful_timeout:
            self._poll()
            if time.monotonic() > start + STOP_IDLE_S:
                for connection in self.connections.all(State.IDLE):
                    self.connections.close(connection)
        self.threads.shutdown(wait=False, cancel_futures=True)

    def _abandon(self, connection: Connection) -> None:
        """A connection is closed: end its response, if it is not made."""
        if connection.answer and not connection.answer.is_made:
            self.threads.submit(connection.answer.close)

    # Requests

    def _continue(self, connection: Connection) -> None:
        if connection.state == State.SENDING:
            self._send_rest(connection)
        elif not connection.receive():
            self.connections.close(connection)
        elif connection.state == State.DRAINING:
            self.connections.arm(connection, select.EPOLLIN)
        else:
            self._advance(connection)

    def _advance(self, connection: Connection) -> None:
        """Use what has arrived: wait for the rest of a request, or give it to a thread."""
        try:
            if connection.request is None and not self._begin_request(connection):
                return
            is_whole = connection.feed_body(self.max_body_bytes)
            is_first = connection.note_body(self.body_rate)
            if self._is_given_up(connection):
                return
            if is_whole:
                self._answer(connection, is_early=False)
            elif (body := connection.body) and self.answers_early(connection.request, body.length, body.start(self.EARLY_BYTES)):
                self._answer(connection, is_early=True)
            else:
                if is_first and expects_continue(connection.request):
                    with suppress(OSError):  # of a client that has gone, as `receive` tells
                        connection.sock.send(b"HTTP/1.1 100 Continue\r\n\r\n")
                self.connections.arm(connection, select.EPOLLIN)
        except Exception as error:  # of a body, or of gunicorn's parser: its classes have no common base
            self._reject(connection, error)

    def _is_given_up(self, connection: Connection) -> bool:
        """Refuse arriving bodies while all together are too large; returns whether the body of this connection was refused."""
        while self.bodies.is_exceeded:
            arriving = self.connections.given_up(
                lambda one: body_held(one) > 0 and (one is connection or one.state == State.BODY), body_held
            )
            for one in arriving:
                self._reject(one, BodyError("The server is receiving too much at this moment; try again", 503))
            if not arriving or arriving[0] is connection:
                return bool(arriving)
        return False

    def _begin_request(self, connection: Connection) -> bool:
        """Parse the head; False if it is not whole, and is waited for."""
        if not connection.parse_head(self.cfg, self.bodies):
            if connection.received and connection.state != State.HEAD:
                connection.wait(State.HEAD, self.head_s)
            elif connection.state not in (State.IDLE, State.HEAD):  # empty lines before a request give no more time
                connection.wait(State.IDLE, self.cfg.keepalive)
            self.connections.arm(connection, select.EPOLLIN)
            return False
        return True

    def _reject(self, connection: Connection, error: Exception) -> None:
        """Refuse a request that the application never sees; its id is in the response and in the log."""
        request_id = new_request_id()
        extra = about_request(request_id)
        if isinstance(error, BodyError):
            self.log.info("Body of a request of %s refused: %s", connection.client[0], error, extra=extra)
        elif isinstance(error, TimeoutError):
            self.log.info("Request of %s refused: %s", connection.client[0], error, extra=extra)
        else:
            self.log.warning("Invalid request from ip=%s: %s", connection.client[0], error, extra=extra)
        self.connections.refuse(connection, rejection(error, request_id))

    def _expire(self, connection: Connection) -> None:
        """A deadline is over: close the connection, unless what it waits for has arrived since the last look."""
        if connection.deadline > time.monotonic():  # another one has given it a new one
            return
        if connection.state == State.SENDING:
            self._expect_reading(connection)
            return
        if connection.state in WAITS_FOR_REQUEST and connection.receive() and connection.received:
            self._advance(connection)
            if connection.state not in WAITS_FOR_REQUEST or connection.deadline > time.monotonic():
                return
        if connection.state in (State.HEAD, State.BODY):
            part = "head" if connection.state == State.HEAD else "body"
            self._reject(connection, TimeoutError(f"The {part} of the request took too long"))
        else:
            self.connections.close(connection)

    # Answers

    def _answer(self, connection: Connection, is_early: bool) -> None:
        """Give a request to a thread."""
        assert connection.body is not None
        connection.writer = ResponseWriter(connection.sock, self.responses)
        connection.answer = Answer(connection.request, connection.body, connection.writer, closes=is_early or not self.alive)
        self._submit(connection)

    def _submit(self, connection: Connection) -> None:
        connection.state = State.ANSWERING
        self.threads.submit(self._make_response, connection)

    def _make_response(self, connection: Connection) -> None:
        """In a thread: make the response, or the next part of it, and give the connection back to the event loop."""
        answer, writer = connection.answer, connection.writer
        assert answer is not None
        assert writer is not None
        is_idle = False
        try:
            answer.make(self.wsgi, self.cfg, connection.server)
            if answer.is_made and not answer.closes and not connection.received and self.alive and writer.flush():
                connection.end_request()
                is_idle = True
        except ClientGoneError as error:  # as the event loop will find as well
            self.log.debug("Connection of %s ended: %s", connection.client, error)
        finally:
            if is_idle:
                self.connections.idle(connection, self.cfg.keepalive)
            else:
                self.returned.put(connection)
                with suppress(BlockingIOError):
                    os.write(self.PIPE[1], b"x")

    def _take_back(self, connection: Connection) -> None:
        """A thread has made a part of the response: send the rest, then look at what has arrived meanwhile."""
        assert connection.writer is not None
        connection.begin_transfer(State.SENDING, self.read_rate, connection.writer.received())
        self._send_rest(connection)
        while self.responses.is_exceeded:
            unread = self.connections.given_up(lambda one: one.state == State.SENDING, response_held)
            if not unread:
                break
            self.log.warning("A response to %s was cut off: too much is not read", unread[0].client)
            self.connections.close(unread[0])

    def _expect_reading(self, connection: Connection) -> None:
        """Close a connection if its client has read too little since the last look."""
        assert connection.writer is not None
        if not connection.progress(self.read_rate, connection.writer.received()):
            self.log.info("A response to %s was cut off: it is read too slowly", connection.client)
            self.connections.close(connection)

    def _send_rest(self, connection: Connection) -> None:
        answer, writer = connection.answer, connection.writer
        assert answer is not None
        assert writer is not None
        try:
            is_sent = writer.flush()
        except ClientGoneError:
            self.connections.close(connection)
            return
        if not answer.is_made and writer.pending <= FULL_BYTES // 2:
            self._submit(connection)
        elif not is_sent:
            connection.progress(self.read_rate, writer.received())
            self.connections.arm(connection, select.EPOLLOUT)
        else:
            self._end_answer(connection, answer.closes)

    def _end_answer(self, connection: Connection, closes: bool) -> None:
        is_read = connection.body is not None and connection.body.is_whole and not connection.received
        connection.end_request()
        if closes and is_read:
            self.connections.close(connection)
        elif closes:
            self.connections.drain(connection)
        else:
            self._advance(connection)
