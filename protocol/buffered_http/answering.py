"""Calls the WSGI application with a whole request."""

from __future__ import annotations

import contextvars
import logging
from collections.abc import Iterable, Iterator
from http import HTTPStatus
from io import BytesIO
from typing import Any

from gunicorn.http import wsgi

from protocol.log_lines import REQUEST_ID, about_request

from .bodies import Body
from .rejections import new_request_id, response
from .writer import FULL_BYTES, ClientGoneError, ResponseWriter

log = logging.getLogger("gunicorn.error")

NO_CONTENT = (HTTPStatus.NO_CONTENT, HTTPStatus.NOT_MODIFIED)


class Answer:
    """The response to the request of a connection. Several threads may make it in turn: none waits for the client.

    Attributes:
        is_made: whether nothing of it is left to be made.
        closes: whether the connection must be closed after it.
    """

    def __init__(self, request: Any, body: Body, writer: ResponseWriter, closes: bool) -> None:
        self.is_made = False
        self.closes = closes
        self._request, self._body, self._writer = request, body, writer
        self._context = contextvars.copy_context()  # the application's, in whichever thread the response is made
        self._reply: Any = None
        self._environ: dict[str, Any] = {}
        self._made: Iterable[bytes] = ()
        self._pieces: Iterator[bytes] = iter(())

    def make(self, application: Any, cfg: Any, server: Any) -> None:
        """Make the response, or as much of it as may wait for the client. An error ends it."""
        try:
            self._context.run(self._go_on, application, cfg, server)
        except BaseException as error:  # the worker survives all errors of the application
            self.is_made = self.closes = True
            self._context.run(self._tell, error)  # so that the log line has the context of the application
        finally:
            if self.is_made:
                self.close()

    def close(self) -> None:
        """Tell the application that the response is sent, or that it never will be."""
        made, self._made, self.is_made = self._made, (), True
        try:
            self._context.run(getattr(made, "close", lambda: None))
        except Exception:
            log.exception("Error after the response to %s", self._request.uri)

    def _go_on(self, application: Any, cfg: Any, server: Any) -> None:
        if self._reply is None:
            self._begin(application, cfg, server)
        for piece in self._pieces:
            self._reply.write(piece)
            if self._writer.pending > FULL_BYTES:
                return
        self._reply.close()
        self.is_made, self.closes = True, bool(self._reply.should_close()) or self._is_short()

    def _begin(self, application: Any, cfg: Any, server: Any) -> None:
        body, request = self._body, self._request
        self._reply, environ = wsgi.create(request, self._writer, request.peer_addr, server, cfg)
        self._environ = environ
        environ["wsgi.multithread"] = True
        environ["wsgi.input"] = body.open() if body.arrived else BytesIO()
        if environ.pop("HTTP_TRANSFER_ENCODING", None) and body.is_whole:
            environ["CONTENT_LENGTH"] = str(body.arrived)
        if self.closes:
            self._reply.force_close()
        self._made = application(environ, self._reply.start_response)
        self._pieces = iter(self._made)

    def _is_short(self) -> bool:
        """Whether it has fewer bytes than announced, for example of a file that became shorter: the connection must be closed."""
        reply = self._reply
        if reply.response_length is None or self._request.method == "HEAD" or reply.status_code in NO_CONTENT:
            return False
        if reply.sent < reply.response_length:
            log.warning("The response to %s ended after %d of %d bytes", self._request.uri, reply.sent, reply.response_length)
        return bool(reply.sent < reply.response_length)

    def _tell(self, error: BaseException) -> None:
        """Log an error, and send it to the client if nothing was sent yet."""
        request = self._request
        self._writer.close()
        if isinstance(error, ClientGoneError):
            log.debug("A response was not read to its end: %s", error)
            return
        request_id = self._environ.get(REQUEST_ID) or new_request_id()  # that of the application, which may have sent it already
        log.error("Error handling request %s %s", request.method, request.uri, exc_info=error, extra=about_request(request_id))
        if not self._writer.sent:
            self._writer.sendall(response(500, "", request_id))
