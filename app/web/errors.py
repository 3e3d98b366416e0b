"""Errors as answers: JSON to scripts, a page or fragment to browsers."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import TypeVar

from flask import Flask, Response, jsonify, make_response, render_template, request
from werkzeug.exceptions import HTTPException

from app.web.answers import is_api, is_fragment
from app.web.problem import Problem

DomainError = TypeVar("DomainError", bound=Exception)

log = logging.getLogger(__name__)


def init_app(app: Flask) -> None:
    """Turn every exception of a view into an answer."""
    app.before_request(_refuse_nul)
    app.register_error_handler(Problem, problem_response)
    app.register_error_handler(HTTPException, _http_error)
    app.register_error_handler(Exception, _fault)


def map_errors(app: Flask, base: type[DomainError], problem_of: Callable[[DomainError], Problem]) -> None:
    """Answer requests that raise a domain error of an area.

    Args:
        base: Base class of the errors of the area.
        problem_of: Gives status, message and fields for an error.
    """

    def respond(error: DomainError) -> Response:
        return problem_response(problem_of(error))

    app.register_error_handler(base, respond)


def _refuse_nul() -> None:
    """No name holds the character NUL, and PostgreSQL takes no text that does."""
    if "\0" in request.environ["PATH_INFO"] or "%00" in request.environ["QUERY_STRING"]:
        raise Problem(400, "no name holds the character NUL (%00), so this address leads nowhere")


def problem_response(problem: Problem) -> Response:
    """The answer to a request: JSON for scripts, a page or fragment for browsers."""
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
    return problem_response(Problem(error.code or 500, error.description or error.name, headers=headers))


def _fault(error: Exception) -> Response:
    log.exception("%s %r failed", request.method, request.full_path.rstrip("?"))  # %r: an address may hold line ends
    return problem_response(
        Problem(500, f"DQM Hub could not answer because of a fault of its own ({type(error).__name__}); it is in the log of the web server")
    )
