"""Answers of the API in JSON with an ETag of the versions of their data."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import Response, current_app, request

from app.web.answers import etag_of, not_modified
from app.web.compression import accepts_gzip, body_response


def versioned_json(build: Callable[[], Any], *version: object) -> Response:
    """The JSON of `build()`, or 304 without calling it.

    Args:
        build: Returns the value; it depends on the address and on `version` alone.
        version: Versions of the data.
    """
    etag = etag_of(request.full_path, accepts_gzip(), *version)
    response = not_modified(etag)
    if response is None:
        response = body_response((current_app.json.dumps(build()) + "\n").encode(), "application/json")
        response.set_etag(etag)
        response.headers["Cache-Control"] = "private, no-cache"
    response.vary.add("Accept-Encoding")
    return response
