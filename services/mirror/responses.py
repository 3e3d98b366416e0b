"""Responses of a mirror: content with ETag, gzip and cache lifetime; errors in one form."""

from __future__ import annotations

import gzip
import json
import logging
import re
import time
from collections.abc import Callable

from bottle import HTTPError, HTTPResponse, request, response

from .pages import render_error

log = logging.getLogger("mirror")

CACHE_ONE_SECOND = "public, max-age=1"
"""For data that change: with a cache in front, a thousand browsers cause one request per second at the mirror."""

CACHE_HALF_MINUTE = "public, max-age=30"
CACHE_FOREVER = "public, max-age=31536000, immutable"
DAY_S = 86400
MIN_GZIP_BYTES = 600

JSON_PATHS = ("/api", "/snapshots", "/status", "/healthz", "/live", "/feed.xml")
"""Prefixes of the paths whose errors are JSON; on other paths they are pages."""


def content_response(
    content: bytes, content_type: str, tag: str, cache: str, encoding: str = "", headers: dict[str, str] | None = None
) -> HTTPResponse:
    """A response with content, or 304 if the client has the version `tag` already.

    encoding: of `content`, "gzip" or "". The response is gzip if the client accepts it and it is worth it.
    """
    all_headers = {"ETag": f'W/"{tag}"', "Cache-Control": cache, "Vary": "Accept-Encoding", **(headers or {})}
    if tag in re.findall(r'"([^"]*)"', request.get_header("If-None-Match", "")):
        return HTTPResponse(b"", 304, all_headers)
    if not accepts_gzip(request.get_header("Accept-Encoding", "")):
        content, encoding = gzip.decompress(content) if encoding else content, ""
    elif not encoding and len(content) >= MIN_GZIP_BYTES and not content_type.startswith("image/png"):
        content, encoding = gzip.compress(content, 2, mtime=0), "gzip"
    if encoding:
        all_headers["Content-Encoding"] = encoding
    return HTTPResponse(content, 200, {"Content-Type": content_type, **all_headers})


def accepts_gzip(header: str) -> bool:
    """Whether an Accept-Encoding header allows gzip: it, or otherwise `*`, has a weight above 0 (RFC 9110, 12.5.3)."""
    weights = {}
    for part in header.lower().split(","):
        coding, *parameters = (text.strip() for text in part.split(";"))
        weights[coding] = next((_weight(text) for text in parameters if text.startswith("q")), 1.0)
    return weights.get("gzip", weights.get("*", 0.0)) > 0


def _weight(parameter: str) -> float:
    try:
        return float(parameter.partition("=")[2])
    except ValueError:
        return 0.0


def json_response(value: object) -> HTTPResponse:
    """A JSON response that must not be cached."""
    return HTTPResponse(json.dumps(value).encode(), 200, {"Content-Type": "application/json", "Cache-Control": "no-store"})


def text_response(text: str) -> HTTPResponse:
    """A text response that must not be cached."""
    return HTTPResponse(text.encode(), 200, {"Content-Type": "text/plain; charset=utf-8", "Cache-Control": "no-store"})


def redirect(address: str) -> HTTPResponse:
    """A redirection to an absolute path or a relative address, so that it is correct for every proxy."""
    return HTTPResponse(b"", 302, {"Location": address, "Cache-Control": "public, max-age=60"})


def cache_lifetime(changed: float, is_newest: bool) -> str:
    """Cache-Control of an item at an address without a version.

    A second for the newest run; otherwise a tenth of the time since the item changed (Unix s UTC), at most a day.
    """
    return CACHE_ONE_SECOND if is_newest else f"public, max-age={max(1, min(DAY_S, int((time.time() - changed) / 10)))}"


def error_response(
    status: int,
    message: str,
    field: str = "",
    allowed: str = "",
    headers: dict[str, str] | None = None,
    extra: dict[str, object] | None = None,
) -> HTTPResponse:
    """An error as JSON or as a page, to be raised.

    field, allowed: the invalid parameter and its allowed values. extra: more fields of the JSON.
    """
    if request.environ["PATH_INFO"].startswith(JSON_PATHS):
        errors = [{"field": field, "problem": allowed}] if field else []
        body, content_type = (
            json.dumps({"message": message, "status": status, "errors": errors, **(extra or {})}).encode(),
            "application/json",
        )
    else:
        body, content_type = render_error(status, message), "text/html; charset=utf-8"
    return HTTPResponse(body, status, {"Content-Type": content_type, "Cache-Control": "no-store", **(headers or {})})


def handle_bottle_error(error: HTTPError) -> bytes:
    """Body of an error that bottle raises, such as an unknown address; sets the headers of the current response."""
    messages = {404: "Unknown address", 405: f"{request.method} is not possible at this address"}
    replacement = error_response(error.status_code, messages.get(error.status_code, error.body))
    for name, value in replacement.headerlist:
        response.set_header(name, value)
    if response.get_header("Allow") == "GET":
        response.set_header("Allow", "GET,HEAD")
    body: bytes = replacement.body
    return body


def log_exceptions(view: Callable[..., HTTPResponse]) -> Callable[..., HTTPResponse]:
    """A view whose unexpected exceptions go to the log; the client gets status 500 without details."""

    def logged_view(**arguments: str) -> HTTPResponse:
        try:
            return view(**arguments)
        except HTTPResponse:
            raise
        except Exception as error:
            log.exception("%s %s failed", request.method, ascii(request.path))
            raise error_response(500, "Internal error of this mirror; details are in its log") from error

    return logged_view
