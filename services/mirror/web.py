"""What every answer of a mirror needs: prefix, limits, headers, one shape of errors, ETag, gzip and caching."""

from __future__ import annotations

import gzip
import json
import logging
import re
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from ipaddress import ip_network
from typing import Any

from bottle import Bottle, HTTPError, HTTPResponse, request, response

from .limits import Limiter, client_address, is_in
from .options import Options
from .pages import error_page

log = logging.getLogger("mirror")

HEADERS = (
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
"""Of every answer with content, as those of the hub; only that pages of a mirror have a <base>."""

SHORT = "public, max-age=1"
"""A cache in front of the mirror may answer for so long; so a thousand browsers ask the mirror itself once a second."""

FOR_GOOD = "public, max-age=31536000, immutable"
DAY_S = 86400
SMALLEST_GZIP = 600

LARGE = 128 * 1024
"""Bytes of an answer that the kernel may not take at once, so that its reader holds a thread; other answers always find one."""
FOR_SCRIPTS = ("/api", "/snapshots", "/status", "/healthz", "/live", "/feed.xml")

StartResponse = Callable[..., Any]
Environ = dict[str, Any]


class Application:
    """The WSGI application: what comes before and after the routes."""

    def __init__(self, routes: Bottle, options: Options) -> None:
        self.routes = routes
        self.options = options
        self.limiter = Limiter(options.rate, options.burst)
        self.trusted = [ip_network(network) for network in options.trusted_proxies]
        self._large = threading.BoundedSemaphore(options.threads // 2)
        routes.add_hook("before_request", self._look_first)

    def __call__(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        start, said = time.perf_counter(), ""

        def begin(status: str, headers: list[tuple[str, str]], error: Any = None) -> Any:
            nonlocal said
            said = status[:3]
            return start_response(status, headers if said in ("204", "304") else [*headers, *HEADERS], error)

        environ["mirror.address"] = client_address(environ, self.trusted)
        environ["mirror.trusted"] = is_in(environ.get("REMOTE_ADDR", ""), self.trusted)
        asked = environ["PATH_INFO"]
        self._strip_prefix(environ)
        environ["mirror.large"] = self._large
        answer: Iterable[bytes] = self.routes.wsgi(environ, begin)
        if environ["mirror.large"] is None:  # `serve` took a place, which is given back when all is sent
            answer = _Sent(answer, self._large)
        if self.options.access_log:
            took = 1000 * (time.perf_counter() - start)
            log.info("%s %s %s %s %.1f ms", environ["mirror.address"], environ["REQUEST_METHOD"], ascii(asked), said, took)
        return answer

    def _strip_prefix(self, environ: Environ) -> None:
        """The reverse proxy may pass the prefix on, or have taken it away."""
        prefix, path = self.options.prefix, environ["PATH_INFO"]
        environ["SCRIPT_NAME"] = prefix
        if prefix and (path == prefix or path.startswith(f"{prefix}/")):
            environ["PATH_INFO"] = path[len(prefix) :]

    def _look_first(self) -> None:
        raw = request.environ["bottle.raw_path"]
        if any(letter < " " or letter == "\x7f" for letter in raw):
            raise problem(400, "no address of a mirror holds control characters")
        if wait := self.limiter.wait_s(request.environ["mirror.address"]):
            raise problem(
                429,
                f"more than {self.options.rate:g} requests per second come from {request.environ['mirror.address']}",
                headers={"Retry-After": str(int(wait) + 1)},
            )
        if not raw:
            raise moved(f"{request.environ['SCRIPT_NAME']}/")

    def charge(self, cost: float) -> None:
        """Count a request for more than one, since it took so much work."""
        self.limiter.wait_s(request.environ["mirror.address"], cost)


class _Sent:
    """An answer; `room` gets a place back when gunicorn has sent it, or failed to."""

    def __init__(self, answer: Iterable[bytes], room: threading.Semaphore) -> None:
        self._answer, self._room = answer, room

    def __iter__(self) -> Iterator[bytes]:
        return iter(self._answer)

    def close(self) -> None:
        self._room.release()


def problem(
    status: int,
    message: str,
    field: str = "",
    allowed: str = "",
    headers: dict[str, str] | None = None,
    more: dict[str, object] | None = None,
) -> HTTPResponse:
    """An answer that is an error, to be raised: what is wrong, in which field, and what is allowed; more: what else its JSON says."""
    if request.environ["PATH_INFO"].startswith(FOR_SCRIPTS):
        errors = [{"field": field, "problem": allowed}] if field else []
        body, type = json.dumps({"message": message, "status": status, "errors": errors, **(more or {})}).encode(), "application/json"
    else:
        body, type = error_page(status, message), "text/html; charset=utf-8"
    return HTTPResponse(body, status, {"Content-Type": type, "Cache-Control": "no-store", **(headers or {})})


def on_error(error: HTTPError) -> bytes:
    """The body for an error that bottle found, as an address that leads nowhere."""
    said = {404: "this address leads nowhere", 405: f"{request.method} is not for this address"}
    answer = problem(error.status_code, said.get(error.status_code, error.body))
    for name, value in answer.headerlist:
        response.set_header(name, value)
    if response.get_header("Allow") == "GET":
        response.set_header("Allow", "GET,HEAD")
    body: bytes = answer.body
    return body


def calm(action: Callable[..., HTTPResponse]) -> Callable[..., HTTPResponse]:
    """An action whose faults are in the log, and an answer that says no more than that."""

    def act(**arguments: str) -> HTTPResponse:
        try:
            return action(**arguments)
        except HTTPResponse:
            raise
        except Exception as error:
            log.exception("%s %s failed", request.method, ascii(request.path))
            raise problem(500, "the mirror could not answer because of a fault of its own, which is in its log") from error

    return act


def moved(address: str) -> HTTPResponse:
    """The way to another address, which may be relative to this one: so it holds behind every proxy."""
    return HTTPResponse(b"", 302, {"Location": address, "Cache-Control": "public, max-age=60"})


def serve(content: bytes, type: str, tag: str, cache: str, encoding: str = "", headers: dict[str, str] | None = None) -> HTTPResponse:
    """An answer with content, 304 when the client has it; as gzip when the client takes it. encoding: which the content has."""
    common = {"ETag": f'W/"{tag}"', "Cache-Control": cache, "Vary": "Accept-Encoding", **(headers or {})}
    if tag in re.findall(r'"([^"]*)"', request.get_header("If-None-Match", "")):
        return HTTPResponse(b"", 304, common)
    accepted = takes_gzip(request.get_header("Accept-Encoding", ""))
    if encoding == "gzip" and not accepted:
        content = gzip.decompress(content)
    elif encoding == "" and accepted and len(content) >= SMALLEST_GZIP and not type.startswith("image/png"):
        content, encoding = gzip.compress(content, 2, mtime=0), "gzip"
    if len(content) > LARGE:
        if not request.environ["mirror.large"].acquire(blocking=False):
            raise problem(503, "this mirror is sending other large answers; ask again", headers={"Retry-After": "5"})
        request.environ["mirror.large"] = None
    if accepted and encoding:
        common["Content-Encoding"] = "gzip"
    return HTTPResponse(content, 200, {"Content-Type": type, **common})


def as_json(value: object) -> HTTPResponse:
    """JSON that is right at this moment alone."""
    return HTTPResponse(json.dumps(value).encode(), 200, {"Content-Type": "application/json", "Cache-Control": "no-store"})


def plain(text: str) -> HTTPResponse:
    return HTTPResponse(text.encode(), 200, {"Content-Type": "text/plain; charset=utf-8", "Cache-Control": "no-store"})


def takes_gzip(accepted: str) -> bool:
    """Whether a client says that it takes gzip."""
    return re.search(r"(^|[\s,])(gzip|\*)\s*($|,|;(?!\s*q=0(\.0*)?\s*($|,)))", accepted.lower()) is not None


def lasting(changed: float, is_newest: bool) -> str:
    """How long an item may be kept whose address says no version: a tenth of the time for which it has not changed, and at most a day."""
    return SHORT if is_newest else f"public, max-age={max(1, min(DAY_S, int((time.time() - changed) / 10)))}"
