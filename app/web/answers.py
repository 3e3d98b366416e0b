"""Answers of views: pages and fragments, ETag and 304, versions and 204."""

from __future__ import annotations

from hashlib import blake2b
from typing import Any

from flask import Response, current_app, jsonify, make_response, render_template, request

from app.core.settings import Settings

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


def request_settings() -> Settings:
    """The settings of the application that answers this request."""
    settings: Settings = current_app.config["HUB"]
    return settings
