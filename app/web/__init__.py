"""Basis of all pages and API responses: errors, compression, ETag and 304, versions and 204, fragments, arguments, times, charts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from app.web.answers import cached_json, etag_of, is_api, is_fragment, not_modified, nothing_new, page, request_settings, shown_page
from app.web.arguments import raw_path
from app.web.problem import Problem

if TYPE_CHECKING:
    from flask import Flask

__all__ = [
    "Problem",
    "cached_json",
    "etag_of",
    "init_app",
    "is_api",
    "is_fragment",
    "not_modified",
    "nothing_new",
    "page",
    "raw_path",
    "request_settings",
    "shown_page",
]


def init_app(app: Flask) -> None:
    """Add request ids, the frame of pages, the cache of fragments, whole numbers in paths and the handling of errors."""
    from app.web import arguments, assets, compression, errors, fragment_cache, frame, request_ids
    from app.web.responses import ContentResponse

    app.response_class = ContentResponse
    app.url_map.converters["int"] = arguments.AsciiIntegerConverter
    request_ids.init_app(app)
    errors.init_app(app)
    compression.init_app(app)
    fragment_cache.init_app(app)
    assets.init_app(app)
    frame.init_app(app)
