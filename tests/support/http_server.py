"""A small server with the worker class of the product and short deadlines; run with a port.

It answers `/healthz`, `/echo` with the body, `/pieces` with 64 MB in pieces, `/whole` with 64 MB at once, `/short` with less than
it announces, `/exit` with SystemExit, `/cut` with one piece before an error, `/broken-off` with the number of pieces that were not made to their end.
"""

from __future__ import annotations

import logging
import subprocess
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path
from typing import Any

from gunicorn.app.base import BaseApplication

from app.core.settings import TREE
from protocol.buffered_http.logger import PropagatingLogger
from protocol.buffered_http.rate import Rate
from protocol.buffered_http.worker import BufferedWorker
from protocol.log_lines import REQUEST_ID, JsonFormatter
from tests.support.patience import PATIENCE_S
from tests.support.ports import free_port
from tests.support.processes import until

THREADS = 4
PIECE = b"x" * 2**16
LARGE_BYTES = 64 * 2**20
BROKEN_OFF: list[int] = []
CONTEXT: ContextVar[object] = ContextVar("context")
MAX_CONNECTIONS = 700
MAX_BODY_BYTES = 8 * 2**20


class ImpatientWorker(BufferedWorker):
    """The worker class with deadlines that a test can wait for."""

    head_s = 1.0
    body_rate = Rate(3.0, 1e6)
    read_rate = Rate(3.0, 1e6)
    max_body_bytes = MAX_BODY_BYTES
    body_budget_bytes = 2 * MAX_BODY_BYTES
    response_budget_bytes = 2 * LARGE_BYTES


class SmallServer(BaseApplication):  # type: ignore[misc]  # gunicorn has no types
    """gunicorn with one worker and `answer`."""

    def load_config(self) -> None:
        """Log in JSON, and set the options of gunicorn."""
        handler = logging.StreamHandler()
        handler.setFormatter(JsonFormatter("test"))
        logging.basicConfig(handlers=[handler])
        options: dict[str, Any] = {"bind": f"127.0.0.1:{sys.argv[1]}", "worker_class": ImpatientWorker, "threads": THREADS, "keepalive": 60}
        options |= {"worker_connections": MAX_CONNECTIONS, "control_socket_disable": True, "logger_class": PropagatingLogger}
        for name, value in options.items():
            self.cfg.set(name, value)

    def load(self) -> Any:
        """The application."""
        return answer


def answer(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
    """The application of the server."""
    path, content = environ["PATH_INFO"], b"ok"
    if path == "/fails":
        raise ValueError("a fault of the application")
    if path == "/exit":
        raise SystemExit
    if path == "/short":
        start_response("200 OK", [("Content-Type", "text/plain"), ("Content-Length", "100")])
        return [b"abc"]
    if path == "/cut":
        environ[REQUEST_ID] = "chosen-by-the-application"
        start_response("200 OK", [("Content-Type", "text/plain"), ("X-Request-ID", environ[REQUEST_ID])])
        return cut()
    if path == "/pieces":
        start_response("200 OK", [("Content-Type", "text/plain"), ("Content-Length", str(LARGE_BYTES))])
        return pieces()
    if path == "/whole":
        content = PIECE * (LARGE_BYTES // len(PIECE))
    elif path == "/broken-off":
        content = str(len(BROKEN_OFF)).encode()
    elif path == "/echo":
        content = environ["wsgi.input"].read()
    start_response("200 OK", [("Content-Type", "text/plain"), ("Content-Length", str(len(content)))])
    return [content]


def cut() -> Iterator[bytes]:
    """A piece, and an error in place of the next one."""
    yield b"first"
    raise OSError("the disk failed")


def pieces() -> Iterator[bytes]:
    """Pieces of 64 MB, which need that all of them are made in one context, as those of Flask do."""
    mark = object()
    CONTEXT.set(mark)
    left = LARGE_BYTES
    try:
        while left:
            assert CONTEXT.get() is mark
            left -= len(PIECE)
            yield PIECE
    finally:
        BROKEN_OFF.extend([left] if left else [])


@contextmanager
def http_server(log: Path) -> Iterator[int]:
    """The port of a running server, which logs to this file."""
    port = free_port()
    code = "from tests.support.http_server import SmallServer; SmallServer().run()"
    with log.open("wb") as out:
        process = subprocess.Popen(["setpriv", "--pdeathsig", "TERM", sys.executable, "-c", code, str(port)], cwd=TREE, stderr=out)
    try:
        until(lambda: b"Booting worker" in log.read_bytes(), "the start of the server")
        yield port
    finally:
        process.terminate()
        process.communicate(timeout=PATIENCE_S)
