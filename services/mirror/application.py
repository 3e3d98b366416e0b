"""The WSGI application around the routes: URL prefix, rate limit, security headers, access log."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterable
from ipaddress import ip_network
from typing import Any

from bottle import Bottle, request

from .options import Options
from .rate_limit import RateLimiter, client_address, is_in
from .responses import error_response, redirect

log = logging.getLogger("mirror")

SECURITY_HEADERS = (
    (
        "Content-Security-Policy",
        "default-src 'self'; img-src 'self' data:; style-src 'self'; script-src 'self'; object-src 'none'; "
        "base-uri 'self'; frame-ancestors 'none'; form-action 'self'",
    ),
    ("X-Content-Type-Options", "nosniff"),
    ("Referrer-Policy", "same-origin"),
    ("Permissions-Policy", "camera=(), geolocation=(), microphone=(), payment=(), usb=()"),
    ("Cross-Origin-Opener-Policy", "same-origin"),
    ("Cross-Origin-Resource-Policy", "same-origin"),
)
"""Headers of every response with content, the same as the hub's, except that pages of a mirror have a <base>."""

Environ = dict[str, Any]


class Application:
    """WSGI application of a mirror.

    It sets in the WSGI environment:
        mirror.address: address of the client, as for the rate limit
        mirror.trusted: whether the peer is a trusted proxy
    """

    def __init__(self, routes: Bottle, options: Options) -> None:
        self.routes = routes
        self.options = options
        self.limiter = RateLimiter(options.rate, options.burst)
        self.trusted = [ip_network(network) for network in options.trusted_proxies]
        routes.add_hook("before_request", self._check_request)

    def __call__(self, environ: Environ, start_response: Callable[..., Any]) -> Iterable[bytes]:
        """Answer one request."""
        start, status_code = time.perf_counter(), ""

        def start_with_headers(status: str, headers: list[tuple[str, str]], error: Any = None) -> Any:
            nonlocal status_code
            status_code = status[:3]
            return start_response(status, headers if status_code in ("204", "304") else [*headers, *SECURITY_HEADERS], error)

        path = environ["PATH_INFO"]
        self._prepare(environ)
        body: Iterable[bytes] = self.routes.wsgi(environ, start_with_headers)
        if self.options.access_log:
            ms = 1000 * (time.perf_counter() - start)
            log.info("%s %s %s %s %.1f ms", environ["mirror.address"], environ["REQUEST_METHOD"], ascii(path), status_code, ms)
        return body

    def charge(self, cost: float) -> None:
        """Count the current request as more than one, because it took more work."""
        self.limiter.wait_s(request.environ["mirror.address"], cost)

    def _prepare(self, environ: Environ) -> None:
        environ["mirror.address"] = client_address(environ, self.trusted)
        environ["mirror.trusted"] = is_in(environ.get("REMOTE_ADDR", ""), self.trusted)
        prefix, path = self.options.prefix, environ["PATH_INFO"]
        environ["SCRIPT_NAME"] = prefix
        if prefix and (path == prefix or path.startswith(f"{prefix}/")):  # a proxy may also have removed the prefix
            environ["PATH_INFO"] = path[len(prefix) :]

    def _check_request(self) -> None:
        path, address = request.environ["bottle.raw_path"], request.environ["mirror.address"]
        if any(character < " " or character == "\x7f" for character in path):
            raise error_response(400, "The address contains control characters")
        if wait := self.limiter.wait_s(address):
            message = f"Too many requests: {address} sent more than {self.options.rate:g} per second"
            raise error_response(429, message, headers={"Retry-After": str(int(wait) + 1)})
        if not path:
            raise redirect(f"{request.environ['SCRIPT_NAME']}/")
