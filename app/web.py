"""What every page and every API answer needs: one error shape, ETag and 304, versions and 204, fragments."""

from __future__ import annotations

import logging
from hashlib import blake2b
from typing import Any

from flask import Flask, Response, jsonify, make_response, render_template, request
from werkzeug.exceptions import HTTPException

log = logging.getLogger(__name__)


class Problem(Exception):
    """An answer that is an error: what is wrong and what would be right, in the one shape of the API.

    errors: (field, problem) of each part of the input that cannot be used.
    """

    def __init__(
        self, status: int, message: str, errors: list[tuple[str, str]] | None = None, headers: dict[str, str] | None = None
    ) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.errors = errors or []
        self.headers = headers or {}

    def shape(self) -> dict[str, Any]:
        fields = [{"field": name, "problem": problem} for name, problem in self.errors]
        return {"message": self.message, "status": self.status, "errors": fields}


FOR_SCRIPTS = ("/api/", "/data/", "/plotfairy/", "/jsrootfairy/", "/hdqm/api/", "/metrics")


def is_api() -> bool:
    """Whether a script asks: its errors are JSON, and it is not led to the sign-in page."""
    bearer = request.headers.get("Authorization", "")[:7].lower() == "bearer "
    return request.path.startswith(FOR_SCRIPTS) or request.path == "/api" or bearer


def is_fragment() -> bool:
    """Whether htmx asks for a part of the page. Going back in history asks for the whole page, and so does what replaces all of <main>."""
    headers = request.headers
    return (
        headers.get("HX-Request") == "true" and headers.get("HX-History-Restore-Request") != "true" and headers.get("HX-Target") != "main"
    )


def page(full: str, fragment: str, **context: Any) -> Response:
    """The whole page, or to htmx only its fragment, which the page includes too."""
    answer = make_response(render_template(fragment if is_fragment() else full, **context))
    answer.vary.update(("HX-Request", "HX-Target"))
    return answer


def etag_of(*parts: object) -> str:
    """A strong tag for content that is made of these parts alone."""
    return blake2b("\0".join(map(str, parts)).encode(), digest_size=16).hexdigest()


def not_modified(etag: str) -> Response | None:
    """304 when the client has this version already."""
    given = request.headers.get("If-None-Match", "")
    if given != f'"{etag}"' and (not given or etag not in request.if_none_match):
        return None
    answer = Response(status=304)
    answer.set_etag(etag)
    return answer


def cached_json(value: Any, status: int = 200) -> Response:
    """JSON with an ETag of its content; 304 when the client has it."""
    answer = jsonify(value)
    answer.status_code = status
    answer.add_etag()
    answer.headers["Cache-Control"] = "no-cache"
    answer.make_conditional(request)
    return answer


def nothing_new(version: object) -> Response | None:
    """204, which htmx does not swap, when the page shows this version (`?since=`) already."""
    return Response(status=204) if request.args.get("since") == str(version) else None


def init_app(app: Flask) -> None:
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


def raw_path(skip: int) -> bytes:
    """The rest of the address behind its first `skip` parts, as the bytes that the client sent, percent-decoded.

    Names of files and MEs need not be UTF-8, which Flask's own arguments are.
    """
    path: str = request.environ["PATH_INFO"]
    parts = path.encode("latin1").split(b"/", skip + 1)
    return parts[skip + 1] if len(parts) > skip + 1 else b""
