"""Responses to requests that the application never sees, such as too long addresses, and broken or late bodies."""

from __future__ import annotations

import json
import secrets
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
    (TimeoutError, 408),
)
"""Of errors that gunicorn finds in a head, and of late requests; all others are 400."""


def new_request_id() -> str:
    """32 hex digits, as the requests that the application sees have."""
    return secrets.token_hex(16)


def rejection(error: Exception, request_id: str) -> bytes:
    """The response to a request with this error in its head or body."""
    if isinstance(error, BodyError):
        return response(error.status, f"The body of the request cannot be read: {error}", request_id)
    return response(next((status for kind, status in STATUSES if isinstance(error, kind)), 400), str(error), request_id)


def response(status: int, message: str, request_id: str) -> bytes:
    """An error as JSON, after which the connection is closed.

    Whether a browser or a script sent the request is not known: its head may not have been read.

    Args:
        request_id: One word that the log line about it has, too.
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
        f"X-Request-ID: {request_id}",
        *(["Retry-After: 5"] if status == 503 else []),
    ]
    return "\r\n".join([*head, "", ""]).encode("latin-1") + content
