"""A frontend like CMSWEB in front of the simulated P5: TLS with certificates on both sides, its own prefix, and other text before the cookie."""

from __future__ import annotations

import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

from tests.support.patience import PATIENCE_S

PREFIX = "/dqm/dqm-square-origin"


@contextmanager
def cmsweb(target: str, server_file: str, client_file: str) -> Iterator[str]:
    """The address of a frontend that forwards requests with the certificate of the client to `target`."""

    class Handler(BaseHTTPRequestHandler):
        def forward(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"] or 0))
            connection = HTTPConnection(urlsplit(target).netloc, timeout=PATIENCE_S)
            headers = {"Host": "cmsweb.cern.ch", "Cookie": f"1234; {self.headers['Cookie'] or ''}"}
            connection.request(self.command, self.path.removeprefix(PREFIX), body, headers)
            answer = connection.getresponse()
            content = answer.read()
            connection.close()
            self.send_response(answer.status)
            if location := answer.headers["Location"]:
                self.send_header("Location", location)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        do_GET = do_POST = forward

        def log_message(self, *_: object) -> None:
            pass

    with frontend(Handler, server_file, client_file) as address:
        yield address


@contextmanager
def frontend(handler: type[BaseHTTPRequestHandler], server_file: str, client_file: str) -> Iterator[str]:
    """The address of a server that accepts clients with the certificate of the client."""

    class Server(ThreadingHTTPServer):
        def handle_error(self, *_: object) -> None:
            """A handshake that fails is what some clients are here for."""

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(server_file)
    context.load_verify_locations(client_file)
    context.verify_mode = ssl.CERT_REQUIRED
    with Server(("127.0.0.1", 0), handler) as server:
        server.socket = context.wrap_socket(server.socket, server_side=True)
        thread = threading.Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        try:
            yield f"https://127.0.0.1:{server.server_port}{PREFIX}"
        finally:
            server.shutdown()
            thread.join()
