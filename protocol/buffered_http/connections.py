"""All connections of a process: accepted, waited for and closed by its event loop."""

from __future__ import annotations

import errno
import select
import socket
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable
from contextlib import suppress
from heapq import nlargest
from typing import Any

from .connection import Connection, State
from .open_files import raise_limit

DRAIN_S = 2.0
"""How long a client may take to read an error before the rest of its request is refused."""

STALL_S = 5.0
"""A process whose event loop does not go round for so long stalled, s."""

AT_ONCE = 64
"""Connections that are accepted in a row, before open ones are served."""

ROOM = 16
"""Connections that are closed at once when there are too many."""

NO_ROOM = (errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM)
"""Errors of `accept` that repeat until something is closed."""

ONCE = select.EPOLLONESHOT
"""An event ends its own registration, so that only one thread uses a connection."""


class Connections:
    """The connections of a process, by the numbers of their files."""

    def __init__(self, most: int, head_s: float, log: Any, abandon: Callable[[Connection], None]) -> None:
        """
        Args:
            most: Connections that may be open at most.
            head_s: Time that a new connection may be silent, s.
            abandon: Called for a connection that is closed.
        """
        self.most, self.first_other_file = raise_limit(most)
        self.epoll = select.epoll()
        self._head_s, self._log, self._abandon = head_s, log, abandon
        self._open: dict[int, Connection] = {}
        self._hand_over = threading.Lock()
        self._listeners: dict[int, Any] = {}
        self._paused: list[int] = []
        self._looked = time.monotonic()

    def __len__(self) -> int:
        return len(self._open)

    def get(self, number: int) -> Connection | None:
        """The connection of this file, unless a thread has it."""
        connection = self._open.get(number)
        return connection if connection and connection.state != State.ANSWERING else None

    def all(self, *states: State) -> list[Connection]:
        """Connections in these states."""
        return [one for one in self._open.values() if one.state in states]

    def give_stall(self, now: float) -> None:
        """Give a stall of this process to all connections but those that a thread has: it may have been one of the clients, too.

        To be called several times a second, before events are handled, which begin new deadlines.
        """
        passed_s, self._looked = now - self._looked, now
        if passed_s > STALL_S:
            with self._hand_over:  # a thread may give its connection a new deadline at this moment
                for one in self._open.values():
                    if one.state != State.ANSWERING:
                        one.deadline += passed_s

    def late(self, now: float) -> list[Connection]:
        """Connections after their deadline, without those that a thread has."""
        return [one for one in self._open.values() if one.deadline <= now and one.state != State.ANSWERING]

    # Listeners

    def listen(self, listeners: list[Any]) -> None:
        """Accept connections of these sockets."""
        for listener in listeners:
            listener.setblocking(False)
            self._listeners[listener.fileno()] = listener
            self.epoll.register(listener.fileno(), select.EPOLLIN)

    def stop_listening(self) -> None:
        """Accept the connections that wait, which the kernel would reset although their clients have sent requests; then close the sockets."""
        for number, listener in self._listeners.items():
            self.epoll.unregister(number)
            with suppress(OSError):  # none is left
                while True:
                    sock, client = listener.accept()
                    if not self._add(sock, client, listener):
                        break
            listener.close()
        self._listeners.clear()
        self._paused.clear()

    def listen_again(self) -> None:
        """Accept connections again, after a pause."""
        while self._paused:
            self.epoll.modify(self._paused.pop(), select.EPOLLIN)

    def accept(self, number: int) -> bool:
        """Accept connections, if this file is that of a listener. A pause follows when there is no room for them."""
        listener = self._listeners.get(number)
        if listener is None:
            return False
        for _ in range(AT_ONCE):
            try:
                sock, client = listener.accept()
            except OSError as error:  # none is left, or it has gone already
                if error.errno in NO_ROOM:
                    self._log.warning("No connection can be accepted: %s", error)
                    self._make_room()
                    self._pause(number)
                break
            if not self._add(sock, client, listener):
                self._pause(number)
                break
        return True

    def _add(self, sock: socket.socket, client: Any, listener: Any) -> bool:
        """Wait for requests on a new connection; False if no other one can be closed for the next."""
        sock.setblocking(False)
        is_full = len(self._open) >= self.most or sock.fileno() >= self.first_other_file
        has_room = self._make_room() if is_full else True
        self._open[sock.fileno()] = Connection(sock, client, listener.getsockname(), self._head_s)
        self.epoll.register(sock.fileno(), select.EPOLLIN | ONCE)
        return has_room

    def _make_room(self) -> bool:
        """Close some silent connections to make room for others; False if all are being answered."""
        worst = self.given_up(lambda one: one.state != State.ANSWERING, lambda _: 1, ROOM)
        for one in worst:
            self.close(one)
        return bool(worst)

    def _pause(self, number: int) -> None:
        """Accept nothing until the next sweep: those that wait would wake the loop all the time."""
        self.epoll.modify(number, 0)
        self._paused.append(number)

    # One connection

    def arm(self, connection: Connection, event: int) -> None:
        """Wake the loop at this event of a connection."""
        self.epoll.modify(connection.sock.fileno(), event | ONCE)

    def idle(self, connection: Connection, seconds: float) -> None:
        """Wait for the next request; called by the thread that has the connection. The loop may close it at once."""
        with self._hand_over:
            connection.wait(State.IDLE, seconds)
            self.arm(connection, select.EPOLLIN)

    def refuse(self, connection: Connection, content: bytes) -> None:
        """End a connection with this response to a request that is not whole."""
        connection.end_request()
        with suppress(OSError):
            connection.sock.send(content)
        self.drain(connection)

    def drain(self, connection: Connection) -> None:
        """Let the client read the response: closing with unread bytes of a request would discard it."""
        connection.received.clear()
        try:
            connection.sock.shutdown(socket.SHUT_WR)
        except OSError:
            self.close(connection)
            return
        connection.wait(State.DRAINING, DRAIN_S)
        self.arm(connection, select.EPOLLIN)

    def close(self, connection: Connection) -> None:
        """Close a connection that no thread has; one that is closed already stays so."""
        with self._hand_over:
            if self._open.pop(connection.sock.fileno(), None):
                self._abandon(connection)
                connection.close()  # which also ends its registration

    def given_up(self, may_be: Callable[[Connection], bool], held: Callable[[Connection], int], count: int = 1) -> list[Connection]:
        """This many connections to close for others: see `given_up`."""
        return given_up(self._open.values(), may_be, held, count)


def given_up(
    connections: Iterable[Connection], may_be: Callable[[Connection], bool], held: Callable[[Connection], int], count: int
) -> list[Connection]:
    """The connections to close at a limit: of the sender that holds most, those closest to their deadlines.

    Args:
        connections: All connections of the process.
        may_be: Whether a connection can be ended for this.
        held: How much of the limited resource a connection holds.
        count: How many are wanted.
    """
    ones = list(connections)
    totals = Counter[str]()
    for one in ones:
        totals[one.network] += held(one)
    return nlargest(count, filter(may_be, ones), key=lambda one: (totals[one.network], -one.deadline))


def body_held(connection: Connection) -> int:
    """Bytes of a body that a connection holds, without those that count for no budget."""
    body = connection.body  # read once: a thread may end the request
    return body.held if body else 0


def response_held(connection: Connection) -> int:
    """Bytes of a response that a connection holds."""
    writer = connection.writer
    return writer.pending if writer else 0
