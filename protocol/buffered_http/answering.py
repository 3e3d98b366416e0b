"""Calls the WSGI application with a whole request."""

from __future__ import annotations

import logging
from collections.abc import Callable
from io import BytesIO
from typing import Any

from gunicorn.http import wsgi

from .connection import Connection
from .rejections import response
from .writer import SlowReaderError

log = logging.getLogger("gunicorn.error")


def answer(connection: Connection, application: Any, cfg: Any, may_keep: bool) -> bool:
    """Write the response to the request of a connection; whether the connection must be closed after it.

    Args:
        connection: With a request, its body and a writer.
        application: The WSGI application.
        cfg: gunicorn's options.
        may_keep: Whether the connection may serve another request. Raises ConnectionError if it has ended.
    """
    request, body, writer = connection.request, connection.body, connection.writer
    assert body is not None
    assert writer is not None
    reply, environ = wsgi.create(request, writer, connection.client, connection.server, cfg)
    environ["wsgi.multithread"] = True
    environ["wsgi.input"] = body.open() if body.arrived else BytesIO()
    if environ.pop("HTTP_TRANSFER_ENCODING", None) and body.is_whole:
        environ["CONTENT_LENGTH"] = str(body.arrived)
    if not may_keep:
        reply.force_close()
    try:
        _write(application(environ, reply.start_response), reply)
    except ConnectionError:
        raise
    except Exception:
        if reply.headers_sent:
            raise
        log.exception("Error handling request %s %s", request.method, request.uri)
        writer.sendall(response(500, ""))
        return True
    return bool(reply.should_close())


def _write(pieces: Any, reply: Any) -> None:
    close: Callable[[], None] = getattr(pieces, "close", lambda: None)
    try:
        for piece in pieces:
            reply.write(piece)
        reply.close()
    finally:
        close()


def log_failure(connection: Connection, error: Exception) -> None:
    """Log why a response was not made or not sent."""
    if isinstance(error, SlowReaderError):
        log.warning("A response to %s was cut off: %s", connection.client[0], error)
    elif isinstance(error, ConnectionError):
        log.debug("Connection of %s ended: %s", connection.client[0], error)
    else:
        log.error("Error handling request %s", connection.request.uri, exc_info=error)
