"""Answers of the API: JSON with an ETag, packed for those who take it so."""

from __future__ import annotations

import gzip
from collections.abc import Callable
from typing import Any

from flask import Response, current_app, request

from app.web.answers import etag_of, not_modified

LEAST_PACKED = 1000
"""Shorter answers are not worth it."""


def answer(make: Callable[[], Any], *version: object) -> Response:
    """The JSON of `make()`, which is made of these versions alone; 304 to those who have it, without making it."""
    packed = request.accept_encodings.quality("gzip") > 0
    etag = etag_of(request.full_path, packed, *version)
    found = not_modified(etag)
    if found is None:
        body = (current_app.json.dumps(make()) + "\n").encode()
        found = Response(body, mimetype="application/json")
        if packed and len(body) >= LEAST_PACKED:
            found.set_data(gzip.compress(body, 5, mtime=0))
            found.content_encoding = "gzip"
        found.set_etag(etag)
        found.headers["Cache-Control"] = "private, no-cache"
    found.vary.add("Accept-Encoding")
    return found
