"""Items, the pieces of what mirrors serve, as the modules *_items.py make them; and what these are given."""

from __future__ import annotations

import gzip
import json
from collections.abc import Mapping
from typing import Any, NamedTuple

from app.publish.plan import Place
from app.publish.sanitize.sanitizer import Sanitizer
from protocol.snapshot import MAX_CONTENT_BYTES, Item, ItemKey

HTML, TEXT, CSV = (f"text/{kind}; charset=utf-8" for kind in ("html", "plain", "csv"))
JSON, SVG, PNG = "application/json", "image/svg+xml", "image/png"

SOME_BYTES = 400
"""Less is not worth packing."""


class Wanted(NamedTuple):
    """What is to be rendered. kept: the runs of the system that outside has, the newest first; tags: of the charts of the run, by their names;
    logs: the keys of the jobs of the run whose logs outside has."""

    place: Place
    clean: Sanitizer
    kept: list[int]
    tags: Mapping[str, str]
    logs: frozenset[str]

    def item(self, kind: str, name: str, type: str, content: str | bytes) -> Item:
        """An item, packed where that makes it smaller; the same content gives the same bytes. ValueError for what no mirror would take."""
        plain = content.encode("utf-8", "replace") if isinstance(content, str) else content
        if len(plain) > MAX_CONTENT_BYTES:
            raise ValueError(f"{kind} {name} has {len(plain)} bytes, and mirrors take {MAX_CONTENT_BYTES}")
        packed = gzip.compress(plain, 6, mtime=0) if type != PNG and len(plain) > SOME_BYTES else plain
        key = ItemKey(kind, self.place.system, self.place.run, name)
        return Item(key, type, "gzip", packed) if len(packed) < len(plain) else Item(key, type, "", plain)

    def json(self, kind: str, name: str, value: Any) -> Item:
        return self.item(kind, name, JSON, json.dumps(value, separators=(",", ":"), allow_nan=False))


class Rendered(NamedTuple):
    """The items of a piece; due: when time alone changes what they say, Unix s UTC, 0 for never."""

    items: list[Item]
    due: float = 0.0
