"""A server on this machine that answers as the part of a hub that the transfer uses, or as a test wants it."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from tests.support.raw_server import served

Answer = tuple[int, Any]


def acknowledge_all(report: Any) -> Answer:
    """The answer of a hub that stores everything: files to register, which are a list, or a report."""
    if isinstance(report, list):
        return 201, {"message": "201: Created", "new": len(report), "replaced": 0, "known": 0}
    return 200, {"acknowledged": report["records"][-1]["number"] if report["records"] else 0, "refused": []}


@dataclass
class HubServer:
    """What a hub was sent, and how it answers.

    Attributes:
        url: Its address.
        answer: Makes status and document of the answer to a document.
        requests: Path, token and document of each request.
    """

    url: str = ""
    answer: Callable[[Any], Answer] = acknowledge_all
    requests: list[tuple[str, str, Any]] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def records(self) -> list[dict[str, Any]]:
        """The records of all reports, in the order in which they came."""
        return [record for path, _, document in list(self.requests) if path.endswith("/reports") for record in document["records"]]


@contextmanager
def hub_server(port: int = 0) -> Iterator[HubServer]:
    """A hub below the address `/hub`, on a free port unless one is wanted."""
    found = HubServer()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            document = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            with found.lock:
                found.requests.append((self.path, self.headers.get("Authorization", ""), document))
                status, answer = found.answer(document)
            body = json.dumps(answer).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            if 300 <= status < 400:
                self.send_header("Location", "/elsewhere")
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", port), Handler) as server, served(server):
        found.url = f"http://127.0.0.1:{server.server_port}/hub"
        yield found
