"""What many browsers poll at the same moment is made once: the fragment of a page, for a second, in each web process."""

from __future__ import annotations

import gzip
import threading
import time
from collections.abc import Callable

from cachetools import TTLCache
from flask import Flask, Response, current_app, request

KEPT = 64
KEEP_S = 1.0
"""Ages in a fragment are wrong by no more than this."""

EXTENSION = "square_fragments"


class Fragments:
    """The fragments of the last second, plain and packed by gzip."""

    def __init__(self) -> None:
        self.kept: TTLCache[tuple[object, ...], tuple[bytes, bytes]] = TTLCache(KEPT, KEEP_S, time.monotonic)
        self.lock = threading.Lock()

    def get(self, key: tuple[object, ...], make: Callable[[], Response]) -> tuple[bytes, bytes]:
        """The fragment of this key; who comes while it is made waits for it, for making it twice takes longer."""
        with self.lock:
            found = self.kept.get(key)
            if found is None:
                plain = make().get_data()
                found = self.kept[key] = plain, gzip.compress(plain, 1, mtime=0)
            return found


def init_app(app: Flask) -> None:
    app.extensions[EXTENSION] = Fragments()


def shared(key: tuple[object, ...], make: Callable[[], Response]) -> Response:
    """The answer to a poll: a fragment that is the same for all who show the same."""
    known: Fragments = current_app.extensions[EXTENSION]
    plain, packed = known.get((request.script_root, *key), make)
    if request.accept_encodings.quality("gzip") > 0:
        answer = Response(packed, mimetype="text/html")
        answer.content_encoding = "gzip"
    else:
        answer = Response(plain, mimetype="text/html")
    answer.vary.update(("HX-Request", "HX-Target", "Accept-Encoding"))
    return answer
