"""Responses of views: pages and fragments, ETag and 304, versions and 204."""

from __future__ import annotations

from hashlib import blake2b
from typing import Any
from urllib.parse import SplitResult, urlsplit

from flask import Response, current_app, jsonify, make_response, render_template, request

from app.core.settings import Settings

API_PATHS = ("/api/", "/data/", "/plotfairy/", "/jsrootfairy/", "/hdqm/api/", "/metrics")


def is_api() -> bool:
    """Whether the request is from a script, which gets errors as JSON and is not redirected to the sign-in page."""
    return request.path.startswith(API_PATHS) or request.path == "/api" or is_bearer()


def is_bearer() -> bool:
    """Whether the request has an API token; a page of another site cannot send this header."""
    return request.headers.get("Authorization", "")[:7].lower() == "bearer "


def shown_page() -> SplitResult:
    """The address of the page that the browser shows, which its scripts send with requests; empty without one, and for none at all."""
    try:
        return urlsplit(request.headers.get("HX-Current-URL", ""))
    except ValueError:  # such as http://[
        return urlsplit("")


def is_fragment() -> bool:
    """Whether htmx requests a part of the page. History restores and requests that replace all of <main> get the whole page."""
    headers = request.headers
    return (
        headers.get("HX-Request") == "true" and headers.get("HX-History-Restore-Request") != "true" and headers.get("HX-Target") != "main"
    )


def page(full: str, fragment: str, **context: Any) -> Response:
    """The template `full`, or for htmx only the template `fragment`, which `full` includes."""
    response = make_response(render_template(fragment if is_fragment() else full, **context))
    response.vary.update(("HX-Request", "HX-Target"))
    return response


def etag_of(*parts: object) -> str:
    """A strong ETag for content that depends on these parts only."""
    return blake2b("\0".join(map(str, parts)).encode(), digest_size=16).hexdigest()


def not_modified(etag: str) -> Response | None:
    """A response 304 if the client has the content of this ETag, otherwise None."""
    tags = request.headers.get("If-None-Match", "")
    if tags != f'"{etag}"' and (not tags or not request.if_none_match.contains_weak(etag)):
        return None
    response = Response(status=304)
    response.set_etag(etag)
    return response


def cached_json(value: Any, status: int = 200) -> Response:
    """A value as JSON with the ETag of its content; 304 if the client has it."""
    response = jsonify(value)
    response.status_code = status
    response.add_etag()
    response.headers["Cache-Control"] = "no-cache"
    response.make_conditional(request)
    return response


def nothing_new(version: object) -> Response | None:
    """A response 204, which htmx does not swap, if the page shows this version (`?since=`) already, otherwise None."""
    return Response(status=204) if request.args.get("since") == str(version) else None


def request_settings() -> Settings:
    """The settings of the current application."""
    settings: Settings = current_app.config["HUB"]
    return settings
