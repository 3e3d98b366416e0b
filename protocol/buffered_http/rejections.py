"""Responses to requests that the application never sees, such as too long addresses, and broken or late bodies."""

from __future__ import annotations

import json
from http import HTTPStatus

from gunicorn.http.errors import (
    ExpectationFailed,
    ForbiddenProxyRequest,
    LimitRequestHeaders,
    LimitRequestLine,
    UnsupportedTransferCoding,
)

from .bodies import BodyError

STATUSES: tuple[tuple[type[Exception], int], ...] = (
    (LimitRequestLine, 414),
    (LimitRequestHeaders, 431),
    (UnsupportedTransferCoding, 501),
    (ExpectationFailed, 417),
    (ForbiddenProxyRequest, 403),
)
"""Of errors that gunicorn finds in a head; all others are 400."""


def rejection(error: Exception) -> bytes:
    """The response to a request with this error in its head or body."""
    if isinstance(error, BodyError):
        return response(error.status, f"The body of the request cannot be read: {error}")
    return response(next((status for kind, status in STATUSES if isinstance(error, kind)), 400), str(error))


def response(status: int, message: str) -> bytes:
    """An error as JSON, after which the connection is closed.

    Whether a browser or a script sent the request is not known: its head may not have been read.
    """
    reason = HTTPStatus(status).phrase
    content = json.dumps({"message": f"{reason}: {message}" if message else reason, "status": status, "errors": []}).encode()
    head = [
        f"HTTP/1.1 {status} {reason}",
        "Connection: close",
        "Content-Type: application/json",
        "Cache-Control: no-store",
        "X-Content-Type-Options: nosniff",
        f"Content-Length: {len(content)}",
        *(["Retry-After: 5"] if status == 503 else []),
    ]
    return "\r\n".join([*head, "", ""]).encode("latin-1") + content
