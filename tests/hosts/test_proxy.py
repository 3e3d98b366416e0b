"""The proxy of the page for operators, with two small web servers."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import urllib3

from tests.hosts.site import proxy_configuration
from tests.support.nginx import nginx
from tests.support.patience import PATIENCE_S
from tests.support.ports import free_port


class Page(BaseHTTPRequestHandler):
    """Answers each request."""

    def do_GET(self) -> None:
        self.send_response(200)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Log nothing."""


@contextmanager
def web_server(port: int) -> Iterator[None]:
    """A web server that is lost at the end of the block."""
    with ThreadingHTTPServer(("127.0.0.1", port), Page) as server:
        threading.Thread(target=server.serve_forever, args=(0.01,)).start()
        try:
            yield
        finally:
            server.shutdown()


def test_a_web_server_that_is_just_back_serves_pages_when_the_other_is_lost(tmp_path: Path) -> None:
    port, first, second = free_port(), free_port(), free_port()
    configuration = proxy_configuration(f"127.0.0.1:{first}", f"127.0.0.1:{second}").replace("listen 80;", f"listen 127.0.0.1:{port};")

    def statuses() -> list[int]:
        """Of two pages: the proxy begins with each web server once."""
        return [urllib3.request("GET", f"http://127.0.0.1:{port}/", retries=False, timeout=PATIENCE_S).status for _ in range(2)]

    with nginx(tmp_path / "nginx", port, configuration):
        with web_server(second):
            assert statuses() == [200, 200], "without the first"
        with web_server(first):
            assert statuses() == [200, 200], "without the second, while nginx thinks that the first is lost"
        assert statuses() == [502, 502]
        with web_server(first), web_server(second):
            assert statuses() == [200, 200]
