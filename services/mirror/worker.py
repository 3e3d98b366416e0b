"""The worker of the mirror: a thread is given to a request whose head is here, so that who sends it slowly holds none.

Such connections wait in the poller with those that are kept open, without a thread, at most for `keepalive` seconds.
"""

from __future__ import annotations

import selectors
import socket
import time
from contextlib import suppress
from functools import partial
from typing import Any

from gunicorn.workers.gthread import ThreadWorker

LONGEST_HEAD = 32 * 1024
"""Bytes of a head; a connection that sends a longer one is closed."""
END = b"\r\n\r\n"


class Worker(ThreadWorker):  # type: ignore[misc]  # gunicorn has no types
    """gunicorn's, in which `enqueue_req`, that hands a connection to a thread, looks first whether there is something to be done."""

    next_look = 0.0

    def enqueue_req(self, conn: Any) -> None:
        here = _here(conn)
        if END in here or len(here) == getattr(conn, "head_bytes", -1):  # that it is readable and has no more means: its client is gone
            self._start(conn)
        elif len(here) >= LONGEST_HEAD:
            self.nr_conns -= 1
            conn.close()
        else:
            self._wait(conn, len(here))

    def _start(self, conn: Any) -> None:
        if getattr(conn, "head_bytes", -1) >= 0:  # it has waited
            conn.head_bytes = -1
            with suppress(OSError):
                conn.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVLOWAT, 1)
        super().enqueue_req(conn)

    def _wait(self, conn: Any, here: int) -> None:
        """Have the poller wake up when more than what is here has come; the time for the whole head begins with its first look."""
        if getattr(conn, "head_bytes", -1) < 0:
            conn.set_timeout()
        conn.head_bytes = here
        conn.sock.setblocking(False)
        with suppress(OSError):
            conn.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVLOWAT, here - _read_ahead(conn) + 1)
        self.pending_conns.append(conn)
        self.poller.register(conn.sock, selectors.EVENT_READ, partial(self.on_pending_socket_readable, conn))

    def murder_pending(self) -> None:
        """Close, once a second, those whose time is over; who has sent something stands behind others that came later."""
        now = time.monotonic()
        if now < self.next_look:
            return
        self.next_look = now + 1.0
        for conn in [conn for conn in self.pending_conns if conn.timeout <= now]:
            self.pending_conns.remove(conn)
            with suppress(OSError, KeyError, ValueError):
                self.poller.unregister(conn.sock)
            self.nr_conns -= 1
            conn.close()


def _read_ahead(conn: Any) -> int:
    """Bytes of the next request that came with the one before it."""
    return len(conn.parser.unreader.buf.getvalue()) if conn.parser is not None else 0


def _here(conn: Any) -> bytes:
    """What of a request has come, without taking it."""
    ahead: bytes = conn.parser.unreader.buf.getvalue() if conn.parser is not None else b""
    try:
        more: bytes = conn.sock.recv(LONGEST_HEAD, socket.MSG_PEEK | socket.MSG_DONTWAIT)
    except BlockingIOError:
        more = b""
    except OSError:
        more = END  # the thread finds out what is wrong
    return ahead + more
