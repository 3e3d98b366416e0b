"""A machine of P5 whose documents are exact texts of a test, for content that the simulator cannot send."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit


class FaultyP5:
    """documents: key to the JSON text of each, in the order of their revisions 1, 2, ...;
    slow: seconds that an answer with a key, or to a question, takes; timestamp: of each header; most_headers: of one answer, else it is cut;
    commands: what the control room answers to each question."""

    def __init__(self) -> None:
        self.documents: dict[str, str] = {}
        self.slow: dict[str, float] = {}
        self.header_texts: list[str] = []
        self.timestamp: Any = 1.7e9
        self.most_headers = 10**9
        self.commands: dict[str, Any] = {}
        self.address = ""
        self.messages: list[Any] = []

    def headers(self, known: int) -> list[str]:
        rows = [
            {"timestamp": self.timestamp, "type": "dqm-source-state", "hostname": "fu", "tag": "beam", "run": 7, "_id": key, "_rev": rev}
            for rev, key in enumerate(self.documents, 1)
            if rev >= known
        ]
        return [*map(json.dumps, rows), *self.header_texts]

    def answer(self, message: Any) -> str:
        self.messages.append(message)
        if message["event"] == "sync_request":
            found = self.headers(int(message["known_rev"] or 0))
            if len(found) > self.most_headers:
                return "cut"
            return f'{{"event": "update_headers", "headers": [{", ".join(found)}]}}'
        time.sleep(sum(self.slow.get(key, 0) for key in message["ids"]))
        found = [self.documents[key] for key in message["ids"] if key in self.documents]
        return f'{{"event": "update_documents", "documents": [{", ".join(found)}]}}'


@contextmanager
def faulty_p5() -> Iterator[FaultyP5]:
    """Such a machine on a free port; it is the gateway."""
    p5 = FaultyP5()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            request = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            self._send({"messages": [p5.answer(json.loads(text)) for text in request["messages"]]})

        def do_GET(self) -> None:
            what = parse_qs(urlsplit(self.path).query)["what"][0]
            time.sleep(p5.slow.get(what, 0))
            self._send(p5.commands[what])

        def _send(self, answer: Any) -> None:
            body = json.dumps(answer).encode()
            try:
                self.send_response(200)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)
            except ConnectionError:  # the client did not wait
                self.close_connection = True

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        p5.address = f"http://127.0.0.1:{server.server_port}"
        thread = threading.Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        try:
            yield p5
        finally:
            server.shutdown()
            thread.join()
