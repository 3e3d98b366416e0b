"""Responses to requests that gunicorn rejects before the application sees them, such as too long addresses."""

from __future__ import annotations

import json
import socket
from http import HTTPStatus

from gunicorn import util


def write_error(sock: socket.socket, status: int, reason: str, message: str) -> None:
    """Write the one error shape of the API, in place of gunicorn's page.

    Whether a browser or a script sent the request is not known: gunicorn rejects it before its headers are parsed.
    """
    reason = HTTPStatus(status).phrase  # gunicorn's is "Bad Request" for others, too
    content = json.dumps({"message": f"{reason}: {message}" if message else reason, "status": status, "errors": []}).encode()
    head = [
        f"HTTP/1.1 {status} {reason}",
        "Connection: close",
        "Content-Type: application/json",
        "Cache-Control: no-store",
        "X-Content-Type-Options: nosniff",
        f"Content-Length: {len(content)}",
    ]
    util.write_nonblock(sock, "\r\n".join([*head, "", ""]).encode("latin-1") + content)


def install() -> None:
    """Let the workers of this process use `write_error`; gunicorn has no setting for it."""
    util.write_error = write_error
