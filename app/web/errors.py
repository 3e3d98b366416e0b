"""Responses to errors: JSON for scripts, a page or fragment for browsers."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import TypeVar

from flask import Flask, Response, current_app, jsonify, make_response, redirect, render_template, request
from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Response as AnyResponse

from app.core.database import is_sqlite
from app.core.outages import Outage, log_outage, outage_of
from app.web.answers import is_api, is_fragment
from app.web.form_bodies import HubRequest, check_no_nul
from app.web.frame import current_url
from app.web.problem import Problem

DomainError = TypeVar("DomainError", bound=Exception)

log = logging.getLogger(__name__)

FULL = "The disk of DQM Hub is full: nothing can be stored or changed until there is space again"


def init_app(app: Flask) -> None:
    """Respond to every exception of a view."""
    app.request_class = HubRequest
    app.before_request(_reject_nul)
    app.register_error_handler(Problem, problem_response)
    app.register_error_handler(HTTPException, _http_error)
    app.register_error_handler(Exception, _internal_error)


def map_errors(app: Flask, base: type[DomainError], problem_of: Callable[[DomainError], Problem]) -> None:
    """Respond to the domain errors of an area.

    Args:
        base: Base class of the errors of the area.
        problem_of: Makes the HTTP response to an error.
    """

    def respond(error: DomainError) -> Response:
        return problem_response(problem_of(error))

    app.register_error_handler(base, respond)


def _reject_nul() -> None:
    """Reject NUL in addresses: it occurs in no name, and PostgreSQL accepts it in no text."""
    message = "Invalid address: it contains the character NUL (%00)"
    check_no_nul([*request.args.items(multi=True)], message)
    if "\0" in request.environ["PATH_INFO"]:
        raise Problem(400, message)


def problem_response(problem: Problem, has_frame: bool = True) -> Response:
    """The response: JSON for scripts, a page or fragment for browsers.

    Args:
        has_frame: Whether a page has its frame, which may need the database.
    """
    if is_api():
        response = jsonify(problem.shape())
    else:
        response = make_response(_error_page(problem, has_frame))
    response.status_code = problem.status
    response.headers.update(problem.headers)
    response.headers["Cache-Control"] = "no-store"
    response.vary.update(("HX-Request", "HX-Target"))
    return response


def _error_page(problem: Problem, has_frame: bool) -> str:
    """The page or fragment; also without its frame if drawing that meets an outage."""
    page = "web/error.html" if has_frame else "web/error_alone.html"
    try:
        return render_template("web/error_fragment.html" if is_fragment() else page, problem=problem)
    except Exception as error:
        if outage_of(error) is None:
            raise
        return render_template("web/error_alone.html", problem=problem)


def _http_error(error: HTTPException) -> AnyResponse:
    if error.response is not None or (error.code or 500) < 400:  # a redirect, or a complete response
        return error.get_response()
    if error.code == 404 and _is_page_with_slash():
        path, mark, query = current_url().partition("?")
        return redirect(path.rstrip("/") + mark + query, 308)
    headers = {name: value for name, value in error.get_headers() if name in ("Allow", "Retry-After", "WWW-Authenticate")}
    return problem_response(Problem(error.code or 500, error.description or error.name, headers=headers))


def _outage_problem(outage: Outage) -> Problem:
    """The response to a request that an outage prevents. Reasons of the system are for the log: they name folders and hosts."""
    if outage.kind == "full":
        return Problem(507, FULL)
    if outage.kind == "busy":
        return Problem(503, "The database of DQM Hub is busy: try again in some seconds", headers={"Retry-After": "5"})
    text = outage.reason if outage.kind == "unusable" else "DQM Hub cannot reach its database now; the log of the web server says why"
    return Problem(503, text, headers={"Retry-After": "30"})


def _is_page_with_slash() -> bool:
    """Whether the address of this request is that of a page, followed by a slash, as people type it."""
    path = request.path.rstrip("/")
    if not path or path == request.path or is_api() or request.method not in ("GET", "HEAD"):
        return False
    adapter = current_app.create_url_adapter(request)
    return adapter is not None and adapter.test(path, "GET")


def _internal_error(error: Exception) -> Response:
    if outage := outage_of(error):
        log_outage("Requests are refused", outage)
        is_gone = outage.kind == "unreachable" and not is_sqlite()  # the frame would wait for the timeout of another connection
        return problem_response(_outage_problem(outage), has_frame=not is_gone)
    log.exception("%s %r failed", request.method, request.full_path.rstrip("?"))  # %r: an address may contain line ends
    return problem_response(Problem(500, f"Internal error of DQM Hub ({type(error).__name__}); the log of the web server has the details"))
