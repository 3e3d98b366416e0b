"""Receivers of snapshots: real mirrors, and other servers."""

from __future__ import annotations

import hashlib
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from werkzeug.serving import make_server

from app.core.settings import Settings
from app.publish import keys
from protocol.snapshot import ItemKey, Snapshot, SnapshotError, unpack
from services.mirror.options import Options
from services.mirror.routes import Routes
from tests.publish.copies import Contents


def public_key(settings: Settings) -> str:
    """The public key of a hub, hexadecimal; created when it is missing."""
    keys.make_key(settings)
    return keys.signing_key(settings).public_key().public_bytes_raw().hex()


class Mirror:
    """A mirror within this process; `accepted`: the accepted snapshots, including late ones."""

    def __init__(self, folder: Path, settings: Settings, certificate: str = "") -> None:
        self.folder, self.settings, self.port = folder, settings, 0
        self.context: ssl.SSLContext | None = None
        if certificate:
            self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            self.context.load_cert_chain(certificate)
        self.accepted: list[Snapshot] = []
        self.start()

    def start(self) -> None:
        self.routes = Routes(Options(data=str(self.folder), keys=(public_key(self.settings),)))

        def application(environ: dict[str, Any], start: Callable[..., Any]) -> Any:
            body = environ["wsgi.input"]
            environ["wsgi.input"] = recorded = Recorded(body)
            answer = self.routes.application(environ, start)
            with suppress(SnapshotError):  # the body of a refused snapshot may be incomplete
                self.accepted.append(unpack(bytes(recorded.read_bytes), self.routes.receiver.keys))
            return answer

        self.server = make_server("127.0.0.1", self.port, application, threaded=True, ssl_context=self.context)
        self.port = self.server.server_port
        self.thread = threading.Thread(target=self.server.serve_forever, daemon=True)
        self.thread.start()

    def end(self) -> None:
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()

    @property
    def url(self) -> str:
        return f"{'https' if self.context else 'http'}://127.0.0.1:{self.port}"

    def contents(self) -> Contents:
        """The bodies of its items."""
        with self.routes.store.view() as now:
            query = now._connection.execute("SELECT kind, system, run, name, body FROM item")
            return {ItemKey(*key): body for *key, body in query}

    def have(self) -> int:
        return self.routes.store.state().revision


class Recorded:
    """The body of a request, recorded while it is read."""

    def __init__(self, stream: Any) -> None:
        self.stream, self.read_bytes = stream, bytearray()

    def read(self, size: int = -1) -> bytes:
        part: bytes = self.stream.read(size)
        self.read_bytes += part
        return part


@contextmanager
def mirror(folder: Path, settings: Settings, certificate: str = "") -> Iterator[Mirror]:
    running = Mirror(folder, settings, certificate)
    try:
        yield running
    finally:
        running.end()


@contextmanager
def answering(body: bytes | Callable[[], bytes], status: int = 200, wait_s: float = 0.0) -> Iterator[str]:
    """The address of a server with the same response to every request, after `wait_s`."""
    ended = threading.Event()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            ended.wait(wait_s)
            content = body() if callable(body) else body
            self.send_response(status)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        do_POST = do_GET

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        ended.set()
        server.shutdown()
        server.server_close()
        thread.join()


def consistent(accepted: list[Snapshot]) -> bool:
    """Whether each step from revision n to n + 1 always had the same content."""
    seen: dict[tuple[str, int, ItemKey], str] = {}
    for snapshot in accepted:
        if snapshot.until == snapshot.since + 1:
            for item in snapshot.items:
                digest = hashlib.sha256(item.body or b"").hexdigest()
                if seen.setdefault((snapshot.series, snapshot.until, item.key), digest) != digest:
                    return False
    return True


def never() -> bool:
    return False
