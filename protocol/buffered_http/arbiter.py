"""gunicorn's main process, which reports to systemd: that the server is ready, and alive while its workers answer requests."""

from __future__ import annotations

import os
import socket
import time
from contextlib import suppress

from gunicorn.arbiter import Arbiter

from protocol import service_notify

REQUEST = b"GET /healthz/live HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"


class WorkerCheck:
    """Sends requests to the own server, one after the other, without ever waiting: the main process has no time for that."""

    def __init__(self, listener: socket.socket, period_s: float) -> None:
        self._address, self._family, self._period_s = listener.getsockname(), listener.family, period_s
        self._connection: socket.socket | None = None
        self._is_sent = False
        self._begun = float("-inf")

    def step(self) -> bool:
        """Send the next request if it is due; returns whether a worker has answered since the last step, with any response."""
        now = time.monotonic()
        try:
            if self._connection is None:
                if now - self._begun < self._period_s:
                    return False
                self._begun = now
                self._connect()
            is_answered = self._continue()
        except BlockingIOError:
            if now - self._begun < 2 * self._period_s:
                return False
            is_answered = False  # the next request may reach another worker
        except OSError:  # no worker, or one that has ended
            is_answered = False
        self.close()
        return is_answered

    def close(self) -> None:
        """End the current request."""
        if self._connection:
            self._connection.close()
        self._connection = None

    def _connect(self) -> None:
        self.close()
        self._connection = socket.socket(self._family, socket.SOCK_STREAM | socket.SOCK_CLOEXEC | socket.SOCK_NONBLOCK)
        self._is_sent = False
        with suppress(BlockingIOError):
            self._connection.connect(self._address)

    def _continue(self) -> bool:
        assert self._connection
        if not self._is_sent:
            self._connection.sendall(REQUEST)
            self._is_sent = True
        return self._connection.recv(16).startswith(b"HTTP/1.")


class ReportingArbiter(Arbiter):  # type: ignore[misc]  # gunicorn has no types
    """Reports that the server is ready with the first response of a worker, and then that it is alive with each further one."""

    def start(self) -> None:
        """Start listening; gunicorn would report that the server is ready before any worker runs."""
        address = os.environ.pop(service_notify.SOCKET_VARIABLE, None)
        super().start()
        self.check: WorkerCheck | None = None
        if address:
            os.environ[service_notify.SOCKET_VARIABLE] = address
            period_s = (service_notify.watchdog_s() or 60.0) / service_notify.MESSAGES_PER_WATCHDOG
            self.check = WorkerCheck(self.LISTENERS[0].sock, period_s)
        self.is_ready = False

    def murder_workers(self) -> None:
        """Called by gunicorn in each round of its loop, at least once per second."""
        super().murder_workers()
        if self.check and self.check.step():
            if not self.is_ready:
                self.is_ready = True
                service_notify.ready()
            service_notify.alive()

    def stop(self, graceful: bool = True) -> None:
        """Stop the workers."""
        service_notify.stopping()
        if self.check:
            self.check.close()
        super().stop(graceful)
