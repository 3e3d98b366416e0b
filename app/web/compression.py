"""Compression of answers, for clients that accept gzip.

Texts that are in memory are compressed: pages, scripts, styles, JSON, SVG. Tables (CSV) and JSON that are made part by part are
compressed so, too. Other streams and files are sent as they are: they would have to be read whole first.

Compression over TLS can leak a secret of a page to somebody who can both choose a part of it and measure its size, again and
again (BREACH). No answer contains such a secret: forms have no CSRF tokens (see `security.origin`), the session is in a cookie
that scripts cannot read, and passwords and API tokens are never shown. Nor can another site have a page requested with the
cookie unseen, since that is SameSite=Lax. A page that shows a secret must set `Cache-Control: no-transform`.
"""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Iterable, Iterator
from functools import lru_cache

from flask import Flask, Response, request

from app.web.responses import ContentResponse

MIN_BYTES = 1000
"""Shorter bodies are not worth compressing."""

FAST, SMALL, SMALLEST = 1, 5, 9
"""Levels of gzip: for bodies that are made for one request or for a second, for others, and for those compressed only once."""

TEXTS = frozenset({"text/html", "text/css", "text/javascript", "text/plain", "text/csv", "application/json", "image/svg+xml"})
"""Media types that are compressed; images and ROOT files are compressed already."""

STREAMED = frozenset({"text/csv", "application/json"})
"""Those that are compressed even if they are made part by part."""

GZIP_WBITS = zlib.MAX_WBITS + 16
"""The format of gzip, for zlib."""

CONSTANT = frozenset({"static", "bundle"})
"""Endpoints of scripts and styles, which only change with the version of the product."""


def init_app(app: Flask) -> None:
    """Compress the answers of the application."""
    app.after_request(_compress_response)


def _compress_response(response: Response) -> Response:
    is_constant = response.status_code == 200 and request.endpoint in CONSTANT
    if response.status_code == 304:
        response.vary.add("Accept-Encoding")  # as the answer that the client has
        _name_as_client_does(response)
    elif response.mimetype in TEXTS and response.status_code not in (204, 206) and not response.content_encoding:
        response.vary.add("Accept-Encoding")
        if not accepts_gzip() or response.cache_control.no_transform:
            return response
        if is_constant or response.is_sequence:
            _pack(response, is_constant)
        elif response.mimetype in STREAMED:
            response.response = _compress_parts(response.iter_encoded())
            _name_as_compressed(response)
    return response


def _pack(response: Response, is_constant: bool) -> None:
    response.direct_passthrough = False  # of a file among the scripts and styles, which are small
    plain = response.get_data()
    if len(plain) < MIN_BYTES:
        return
    response.set_data(_compress_once(plain) if is_constant else compress(plain, FAST))
    _name_as_compressed(response)


def _name_as_compressed(response: Response) -> None:
    response.content_encoding = "gzip"
    response.headers.remove("Accept-Ranges")
    etag = response.get_etag()[0]
    if etag is not None:
        response.set_etag(etag, weak=True)  # a strong one would promise the bytes of the answer without gzip


def _name_as_client_does(response: Response) -> None:
    """Make the ETag of a 304 weak if the client's is: caches compare the two."""
    etag = response.get_etag()[0]
    if etag is not None and request.if_none_match.is_weak(etag):
        response.set_etag(etag, weak=True)


def _compress_parts(parts: Iterable[bytes]) -> Iterator[bytes]:
    compressor = zlib.compressobj(FAST, wbits=GZIP_WBITS)
    for part in parts:
        yield compressor.compress(part)
    yield compressor.flush()


@lru_cache(maxsize=64)
def _compress_once(body: bytes) -> bytes:
    return compress(body, SMALLEST)


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
