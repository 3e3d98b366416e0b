"""`python -m tests.packages.production.provider ADDRESS CERTIFICATE`: an identity provider at https://login.example.org whose user has signed in."""

from __future__ import annotations

import ssl
import sys
from http.server import ThreadingHTTPServer

from tests.support.mock_provider import MockProvider, handler

PROVIDER = MockProvider(
    issuer="https://login.example.org",
    claims={"sub": "4711", "cern_upn": "berta", "cern_roles": ["dqm-experts"], "sid": "s-1"},
    secret="secret-of-the-client",
    client="dqm-hub",
)

if __name__ == "__main__":
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(sys.argv[2])
    with ThreadingHTTPServer((sys.argv[1], 443), handler(PROVIDER)) as server:
        server.socket = tls.wrap_socket(server.socket, server_side=True)
        print("listening", flush=True)
        server.serve_forever()
