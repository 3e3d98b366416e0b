"""Gives every request an id, which its response, its log lines, its jobs and its plots carry."""

from __future__ import annotations

import logging
import time
from typing import TYPE_CHECKING, Any

from flask import Response, g, request

from app.core import log_context
from protocol.log_lines import REQUEST_ID

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication
    from flask import Flask


log = logging.getLogger("access")


class RequestIds:
    """WSGI middleware. The id of a trusted proxy is kept with `proxy_request_ids`, so that its log has the same; others are removed before."""

    def __init__(self, app: WSGIApplication) -> None:
        self.app = app

    def __call__(self, environ: dict[str, Any], start_response: StartResponse) -> Any:
        sent = environ.pop("HTTP_X_REQUEST_ID", "")
        request_id = sent if log_context.is_request_id(sent) else log_context.new_request_id()
        environ[REQUEST_ID] = request_id
        log_context.begin_request(request_id)

        def start_with_id(status: str, headers: list[tuple[str, str]], *error: Any) -> Any:
            return start_response(status, [*headers, (log_context.HEADER, request_id)], *error)

        return self.app(environ, start_with_id)


def init_app(app: Flask) -> None:
    """Give an id to every request, and add the run in its address to its log lines."""
    app.wsgi_app = RequestIds(app.wsgi_app)  # type: ignore[method-assign]  # Flask's documented way
    app.before_request(_add_run)
    if app.config["HUB"].access_log:
        app.after_request(_log_request)


def _add_run() -> None:
    run = (request.view_args or {}).get("run")
    log_context.add(run=run if isinstance(run, int) else None)


def _log_request(response: Response) -> Response:
    ms = 1000 * (time.perf_counter() - g.started) if "started" in g else 0.0
    address = request.environ.get("dqmhub.client") or request.environ.get("REMOTE_ADDR", "")
    log.info("%s %s %d %.1f ms %s", request.method, ascii(request.path)[1:-1], response.status_code, ms, address)
    return response
