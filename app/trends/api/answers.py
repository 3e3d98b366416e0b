"""Answers of the API of trends: JSON with an ETag that is known before the points are read."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

from flask import Response, request, stream_with_context

from app.core.version import VERSION
from app.runs.settings import RunsSettings
from app.web import etag_of, not_modified, request_settings
from app.web.compression import accepts_gzip
from app.web.responses import ContentResponse

MEDIA_TYPE = "application/json"


def compact_json(value: Any) -> str:
    """A value as JSON without blanks. Raises ValueError for numbers that are not finite."""
    return json.dumps(value, allow_nan=False, separators=(",", ":"))


def unless_unchanged(build: Callable[[], Any], changes: int) -> Response:
    """The JSON of `build()`, or 304 without calling it.

    Args:
        build: Makes the value; it depends on the address, the settings and `changes` alone.
        changes: A number that grows with the data, see app.trends.query.changes.
    """
    return _unless_unchanged(lambda: ContentResponse(compact_json(build()), mimetype=MEDIA_TYPE), changes)


def streamed_unless_unchanged(parts: Callable[[], Iterator[str]], changes: int) -> Response:
    """The JSON of the texts of `parts()`, sent one by one, or 304 without calling it."""
    return _unless_unchanged(lambda: ContentResponse(stream_with_context(parts()), mimetype=MEDIA_TYPE), changes)


def _unless_unchanged(make: Callable[[], Response], changes: int) -> Response:
    limits = request_settings().of(RunsSettings)
    etag = etag_of(VERSION, request.full_path, accepts_gzip(), changes, limits)
    response = not_modified(etag)
    if response is None:
        response = make()
        response.set_etag(etag)
        response.headers["Cache-Control"] = "private, no-cache"
    response.vary.add("Accept-Encoding")
    return response
