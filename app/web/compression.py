"""Compression of answers, for clients that accept gzip."""

from __future__ import annotations

import gzip

from flask import Response, request

from app.web.responses import ContentResponse

MIN_BYTES = 1000
"""Shorter bodies are not worth compressing."""

FAST, SMALL = 1, 5
"""Levels of gzip: for bodies that are sent for a second only, and for others."""


def accepts_gzip() -> bool:
    """Whether the client of this request accepts gzip."""
    return request.accept_encodings.quality("gzip") > 0


def compress(body: bytes, level: int = SMALL) -> bytes:
    """The body compressed by gzip; equal bodies give equal bytes."""
    return gzip.compress(body, level, mtime=0)


def body_response(plain: bytes, mimetype: str, compressed: bytes | None = None) -> Response:
    """An answer with this body, compressed if the client accepts gzip.

    Args:
        plain: The body.
        compressed: The compressed body, if it is there already; otherwise bodies from MIN_BYTES on are compressed.
    """
    is_compressed = accepts_gzip() and (compressed is not None or len(plain) >= MIN_BYTES)
    response = ContentResponse(plain, mimetype=mimetype)
    if is_compressed:
        response.set_data(compress(plain) if compressed is None else compressed)
        response.content_encoding = "gzip"
    response.vary.add("Accept-Encoding")
    return response
