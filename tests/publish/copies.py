"""A model of a mirror: snapshots applied by the rules of docs/developers/snapshots.md; and the items that the hub has published."""

from __future__ import annotations

import gzip

from app.core.database import rows
from app.publish import revisions
from app.publish.models import PublishedItem
from protocol.snapshot import Item, ItemKey, Snapshot

Contents = dict[ItemKey, bytes]


class Copy:
    """The items after some snapshots."""

    def __init__(self, series: str = "", have: int = 0, items: Contents | None = None) -> None:
        self.series, self.have, self.items = series, have, dict(items or {})

    def take(self, snapshot: Snapshot) -> None:
        if snapshot.series != self.series:
            self.series, self.have, self.items = snapshot.series, 0, {}
        assert snapshot.since <= self.have < snapshot.until
        for item in snapshot.items:
            if item.body is None:
                self.items.pop(item.key, None)
            else:
                self.items[item.key] = item.body
        self.have = snapshot.until

    def catch_up(self) -> int:
        """Apply snapshots up to the newest revision; returns their number."""
        series, applied = revisions.current(), 0
        while series.revision and (self.series, self.have) != (series.name, series.revision):
            self.take(revisions.snapshot(series, self.have if self.series == series.name else 0, "Test"))
            applied += 1
        return applied


def published() -> Contents:
    """The bodies of all published items."""
    query = PublishedItem.select(PublishedItem.kind, PublishedItem.system, PublishedItem.run, PublishedItem.name, PublishedItem.body)
    return {ItemKey(*key): bytes(body) for *key, body in rows(query.where(PublishedItem.body.is_null(False)))}


def content(item: Item) -> bytes:
    """The content of an item, decompressed."""
    return gzip.decompress(item.body or b"") if item.encoding else item.body or b""


def contents() -> Contents:
    """The contents of all published items, decompressed."""
    query = PublishedItem.select(
        PublishedItem.kind, PublishedItem.system, PublishedItem.run, PublishedItem.name, PublishedItem.encoding, PublishedItem.body
    )
    found = rows(query.where(PublishedItem.body.is_null(False)))
    return {ItemKey(*key): gzip.decompress(bytes(body)) if encoding else bytes(body) for *key, encoding, body in found}
