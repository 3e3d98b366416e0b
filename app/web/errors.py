"""Errors as answers: JSON to scripts, a page or fragment to browsers."""

from __future__ import annotations

import logging

from flask import Flask, Response, jsonify, make_response, render_template, request
from werkzeug.exceptions import HTTPException

from app.web.answers import is_api, is_fragment
from app.web.problem import Problem

log = logging.getLogger(__name__)


def init_app(app: Flask) -> None:
    """Turn every exception of a view into an answer."""
    app.before_request(_refuse_nul)
    app.register_error_handler(Problem, _problem)
    app.register_error_handler(HTTPException, _http_error)
    app.register_error_handler(Exception, _fault)


def _refuse_nul() -> None:
    """No name holds the character NUL, and PostgreSQL takes no text that does."""
    if "\0" in request.environ["PATH_INFO"] or "%00" in request.environ["QUERY_STRING"]:
        raise Problem(400, "no name holds the character NUL (%00), so this address leads nowhere")


def _problem(problem: Problem) -> Response:
    if is_api():
        answer = jsonify(problem.shape())
    else:
        answer = make_response(render_template("web/error_fragment.html" if is_fragment() else "web/error.html", problem=problem))
    answer.status_code = problem.status
    answer.headers.update(problem.headers)
    answer.headers["Cache-Control"] = "no-store"
    answer.vary.update(("HX-Request", "HX-Target"))
    return answer


def _http_error(error: HTTPException) -> Response:
    if error.response is not None or (error.code or 500) < 400:  # a redirect, or an answer that was made already
        return error.get_response()  # type: ignore[return-value]  # werkzeug types it as the sans-io response
    headers = {name: value for name, value in error.get_headers() if name in ("Allow", "Retry-After", "WWW-Authenticate")}
    return _problem(Problem(error.code or 500, error.description or error.name, headers=headers))


def _fault(error: Exception) -> Response:
    log.exception("%s %r failed", request.method, request.full_path.rstrip("?"))  # %r: an address may hold line ends
    return _problem(
        Problem(500, f"DQM Hub could not answer because of a fault of its own ({type(error).__name__}); it is in the log of the web server")
    )
