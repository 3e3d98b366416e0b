"""`python -m tests.packages.production.provider ADDRESS CERTIFICATE`: an identity provider at https://login.example.org whose user has signed in."""

from __future__ import annotations

import json
import ssl
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, parse_qsl, urlencode, urlsplit

from tests.security.sign_on.mock_provider import MockProvider

PROVIDER = MockProvider(
    issuer="https://login.example.org",
    claims={"sub": "4711", "cern_upn": "berta", "cern_roles": ["dqm-experts"], "sid": "s-1"},
    secret="secret-of-the-client",
    client="dqm-hub",
)


class Handler(BaseHTTPRequestHandler):
    """Answers the browser at /authorize, and the hub elsewhere."""

    def do_GET(self) -> None:
        length = int(self.headers["Content-Length"] or 0)
        form = {name: values[0] for name, values in parse_qs(self.rfile.read(length).decode()).items()}
        address = urlsplit(self.path)
        if address.path == "/authorize":
            back = dict(parse_qsl(address.query))["redirect_uri"]
            self.send_response(302)
            self.send_header("Location", f"{back}?{urlencode(PROVIDER.authorize(PROVIDER.issuer + self.path))}")
            self.end_headers()
            return
        status, answer = PROVIDER.answer(self.command, address.path, self.headers, form)
        body = json.dumps(answer).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_POST = do_GET

    def log_message(self, format: str, *args: Any) -> None:
        """Nothing."""


if __name__ == "__main__":
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(sys.argv[2])
    with ThreadingHTTPServer((sys.argv[1], 443), Handler) as server:
        server.socket = tls.wrap_socket(server.socket, server_side=True)
        print("listening", flush=True)
        server.serve_forever()
