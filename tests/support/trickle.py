"""A server whose answers never end, but come, piece by piece."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer

PIECES = 600
PAUSE_S = 0.1


@contextmanager
def trickling(piece: int) -> Iterator[str]:
    """The address of a server that answers one request by PIECES of so many blanks, one each PAUSE_S."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            self.do_GET()

        def do_GET(self) -> None:
            self.send_response(200)
            self.end_headers()
            try:
                for _ in range(PIECES):
                    self.wfile.write(b" " * piece)
                    time.sleep(PAUSE_S)
            except ConnectionError:
                pass

        def log_message(self, *_: object) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.handle_request)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        thread.join()
