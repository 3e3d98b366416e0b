"""Cache of polled fragments: many browsers poll the same page at the same time, so each process renders it once a second."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Hashable
from typing import NamedTuple

from cachetools import TTLCache
from flask import Flask, Response, current_app

from app.web.compression import FAST, body_response, compress
from app.web.responses import encode_text

MAX_FRAGMENTS = 64

MAX_AGE_S = 1.0
"""Ages that a fragment shows are wrong by no more than this."""

EXTENSION = "fragment_cache"


class CachedFragment(NamedTuple):
    """A rendered fragment."""

    plain: bytes  # UTF-8
    compressed: bytes  # the same by gzip


class FragmentCache:
    """The fragments of the last second."""

    def __init__(self) -> None:
        self._fragments: TTLCache[Hashable, CachedFragment] = TTLCache(MAX_FRAGMENTS, MAX_AGE_S, time.monotonic)
        self._lock = threading.Lock()

    def get(self, key: Hashable, render: Callable[[], str]) -> CachedFragment:
        """The fragment with this key, rendered if it is not there. Other threads wait meanwhile: rendering it twice takes longer."""
        with self._lock:
            found = self._fragments.get(key)
            if found is None:
                plain = encode_text(render())
                found = self._fragments[key] = CachedFragment(plain, compress(plain, FAST))
            return found


def init_app(app: Flask) -> None:
    """Give the application a cache of its own."""
    app.extensions[EXTENSION] = FragmentCache()


def cached_fragment(key: Hashable, render: Callable[[], str]) -> CachedFragment:
    """A fragment from the cache of this process, rendered if it is not there."""
    cache: FragmentCache = current_app.extensions[EXTENSION]
    return cache.get(key, render)


def fragment_response(fragment: CachedFragment) -> Response:
    """The answer to a poll."""
    response = body_response(fragment.plain, "text/html", fragment.compressed)
    response.vary.update(("HX-Request", "HX-Target"))
    return response
