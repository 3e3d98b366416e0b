"""What many browsers poll at the same moment is made once: the fragment of a page, for a second, in each web process."""

from __future__ import annotations

import gzip
import threading
import time
from collections.abc import Callable
from typing import NamedTuple

from cachetools import TTLCache
from flask import Flask, Response, current_app, request

KEPT = 64
KEEP_S = 1.0
"""Ages in a fragment are wrong by no more than this."""

EXTENSION = "square_fragments"


class Made(NamedTuple):
    """A fragment as UTF-8, and packed by gzip."""

    plain: bytes
    packed: bytes


class Fragments:
    """The fragments of the last second."""

    def __init__(self) -> None:
        self.kept: TTLCache[tuple[object, ...], Made] = TTLCache(KEPT, KEEP_S, time.monotonic)
        self.lock = threading.Lock()

    def get(self, key: tuple[object, ...], make: Callable[[], str]) -> Made:
        """The fragment of this key; who comes while it is made waits for it, for making it twice takes longer."""
        with self.lock:
            found = self.kept.get(key)
            if found is None:
                plain = make().encode("utf-8", "replace")
                found = self.kept[key] = Made(plain, gzip.compress(plain, 1, mtime=0))
            return found


def init_app(app: Flask) -> None:
    app.extensions[EXTENSION] = Fragments()


def fragments() -> Fragments:
    """Those of this process."""
    found: Fragments = current_app.extensions[EXTENSION]
    return found


def answer(made: Made) -> Response:
    """The answer to a poll."""
    packs = request.accept_encodings.quality("gzip") > 0
    found = Response(made.packed if packs else made.plain, mimetype="text/html")
    if packs:
        found.content_encoding = "gzip"
    found.vary.update(("HX-Request", "HX-Target", "Accept-Encoding"))
    return found
