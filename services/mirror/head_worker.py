"""A gunicorn worker that hands a connection to a thread only when the head of its request is complete.

Until then a connection waits in the poller, like idle keep-alive connections, at most `keepalive` seconds. Clients that send
slowly therefore occupy no thread. The worker overrides internal methods of gunicorn's gthread worker, therefore setup.py limits gunicorn's version.
"""

from __future__ import annotations

import selectors
import socket
import time
from contextlib import suppress
from functools import partial
from typing import Any

from gunicorn.workers.gthread import ThreadWorker

MAX_HEAD_BYTES = 32 * 1024
"""Connections with a longer head are closed."""

HEAD_END = b"\r\n\r\n"
SWEEP_S = 1.0


class HeadWorker(ThreadWorker):  # type: ignore[misc]  # gunicorn has no types
    """A gthread worker that waits for complete heads.

    While a connection waits, its attribute `head_bytes` is the number of bytes that have arrived; otherwise it is -1 or missing.
    """

    next_sweep = 0.0

    def enqueue_req(self, conn: Any) -> None:
        """Called by gunicorn to hand a readable connection to a thread."""
        head = _peek(conn)
        client_closed = len(head) == getattr(conn, "head_bytes", -1)  # readable, but nothing more arrived
        if HEAD_END in head or client_closed:
            self._hand_to_thread(conn)
        elif len(head) >= MAX_HEAD_BYTES:
            self.nr_conns -= 1
            conn.close()
        else:
            self._wait(conn, len(head))

    def _hand_to_thread(self, conn: Any) -> None:
        if getattr(conn, "head_bytes", -1) >= 0:
            conn.head_bytes = -1
            with suppress(OSError):
                conn.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVLOWAT, 1)
        super().enqueue_req(conn)

    def _wait(self, conn: Any, head_bytes: int) -> None:
        """Have the poller report the connection when more bytes arrive; the deadline of the head starts with the first wait."""
        if getattr(conn, "head_bytes", -1) < 0:
            conn.set_timeout()
        conn.head_bytes = head_bytes
        conn.sock.setblocking(False)
        with suppress(OSError):
            conn.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVLOWAT, head_bytes - len(_buffered_bytes(conn)) + 1)
        self.pending_conns.append(conn)
        self.poller.register(conn.sock, selectors.EVENT_READ, partial(self.on_pending_socket_readable, conn))

    def murder_pending(self) -> None:
        """Called by gunicorn: close the connections that exceeded their deadline, once a second. The list is not ordered by deadline."""
        now = time.monotonic()
        if now < self.next_sweep:
            return
        self.next_sweep = now + SWEEP_S
        for conn in [conn for conn in self.pending_conns if conn.timeout <= now]:
            self.pending_conns.remove(conn)
            with suppress(OSError, KeyError, ValueError):
                self.poller.unregister(conn.sock)
            self.nr_conns -= 1
            conn.close()


def _buffered_bytes(conn: Any) -> bytes:
    """The beginning of the next request, if it arrived with the previous one."""
    return bytes(conn.parser.unreader.buf.getvalue()) if conn.parser is not None else b""


def _peek(conn: Any) -> bytes:
    """The bytes of a request that have arrived, without removing them from the socket."""
    try:
        unread: bytes = conn.sock.recv(MAX_HEAD_BYTES, socket.MSG_PEEK | socket.MSG_DONTWAIT)
    except BlockingIOError:
        unread = b""
    except OSError:
        unread = HEAD_END  # the thread handles the error
    return _buffered_bytes(conn) + unread
