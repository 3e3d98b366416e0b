"""Services that systemd stops lose no request and no job."""

from __future__ import annotations

import os
import signal
import socket
from contextlib import ExitStack, closing
from pathlib import Path

from app.core.settings import Settings
from protocol.buffered_http.connections import AT_ONCE
from tests.render.service import children
from tests.support.patience import PATIENCE_S
from tests.support.ports import free_port
from tests.support.processes import service, until
from tests.support.service_manager import service_manager

PATIENT = f"""
from app.core.server import WebServer
options = WebServer.options
WebServer.options = lambda server: options(server) | {{"graceful_timeout": {PATIENCE_S:.0f}}}
"""
"""A server that stops waits for a worker which stalls for longer than its few seconds."""
REQUEST = b"GET /healthz/live HTTP/1.1\r\nHost: localhost\r\n\r\n"


def has_pending(pid: int, number: signal.Signals) -> bool:
    """Whether a signal waits for a process, which hangs."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    masks = [int(line.split()[1], 16) for line in lines if line.startswith(("SigPnd", "ShdPnd"))]
    return any(mask & 1 << number - 1 for mask in masks)


def test_requests_that_wait_for_a_busy_worker_are_answered_when_the_web_server_stops(hub: Settings, tmp_path: Path) -> None:
    settings = hub.replace(web_port=free_port(), web_workers=1)
    with (
        service_manager(tmp_path) as manager,
        service(settings, "web", before=PATIENT, **manager.variables) as process,
        ExitStack() as stack,
    ):
        manager.wait_for("READY=1")
        (worker,) = children(process.pid)
        os.kill(worker, signal.SIGSTOP)
        clients = [
            stack.enter_context(closing(socket.create_connection(("127.0.0.1", settings.web_port), PATIENCE_S))) for _ in range(3 * AT_ONCE)
        ]
        for client in clients:
            client.sendall(REQUEST)
        process.terminate()
        until(lambda: has_pending(worker, signal.SIGTERM), "the worker to be stopped")
        os.kill(worker, signal.SIGCONT)
        assert {client.recv(12) for client in clients} == {b"HTTP/1.1 200"}
        assert process.wait(PATIENCE_S) == 0
