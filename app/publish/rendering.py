"""Rendering of a piece into items, the parts that mirrors serve: the interface of the renderers of all areas."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from app.publish.errors import ItemTooLarge
from app.publish.pieces import PieceKey, PlanIndex
from app.publish.sanitize.sanitizer import Sanitizer
from protocol.snapshot import MAX_CONTENT_BYTES, Item, ItemKey

HTML, TEXT, CSV = (f"text/{kind}; charset=utf-8" for kind in ("html", "plain", "csv"))
JSON, SVG, PNG = "application/json", "image/svg+xml", "image/png"

MIN_COMPRESSED_BYTES = 400
"""Smaller contents are not compressed."""

Hashes = Callable[[str, int], Mapping[str, str]]
"""SHA-256 of the body of each item of a kind in a run of the system, by its name."""


class RenderContext(NamedTuple):
    """A piece to render, with the tools of its renderer."""

    key: PieceKey
    sanitizer: Sanitizer
    planned: PlanIndex  # planned pieces of all areas
    hashes: Hashes  # of items that are published or rendered for the same revision

    def item(self, kind: str, name: str, content_type: str, content: str | bytes) -> Item:
        """An item of this system and run, compressed if that makes it smaller; equal contents have equal bytes.

        Raises ItemTooLarge.
        """
        plain = content.encode("utf-8", "replace") if isinstance(content, str) else content
        if len(plain) > MAX_CONTENT_BYTES:
            raise ItemTooLarge(f"The item {kind} {name} has {len(plain)} bytes; mirrors accept at most {MAX_CONTENT_BYTES}")
        packed = gzip.compress(plain, 6, mtime=0) if content_type != PNG and len(plain) > MIN_COMPRESSED_BYTES else plain
        key = ItemKey(kind, self.key.system, self.key.run, name)
        return Item(key, content_type, "gzip", packed) if len(packed) < len(plain) else Item(key, content_type, "", plain)

    def json(self, kind: str, name: str, value: Any) -> Item:
        """An item with a value as JSON."""
        return self.item(kind, name, JSON, json.dumps(value, separators=(",", ":"), allow_nan=False))


class RenderResult(NamedTuple):
    """The items of a piece."""

    items: list[Item]
    due: float = 0.0  # time of their next change without new data, Unix s UTC; 0: never


Renderer = Callable[[RenderContext], RenderResult]
