"""Revisions: numbered transactions that change the published items; and the snapshots that bring a mirror to a later revision."""

from __future__ import annotations

import hashlib
import secrets
import time
from collections import Counter
from collections.abc import Iterable
from typing import Any, NamedTuple

from peewee import fn

from app.core.database import proxy, rows
from app.publish import redaction_counts
from app.publish.errors import RevisionConflict
from app.publish.models import Piece, PublishedItem, RevisionSeries
from app.publish.pieces import PieceKey
from app.publish.rendering import RenderResult
from protocol.snapshot import Item, ItemKey, Snapshot

REVISION_BYTES = 4 << 20
"""A revision ends with the piece that reaches this size."""

SNAPSHOT_BYTES = 8 << 20
"""A snapshot ends with the last revision that fits; a single larger revision is sent alone."""

REMOVALS_S = 90 * 86400.0
"""How long removals are stored; a mirror that was unreachable for longer starts with an empty file."""

IDENTITY = (PublishedItem.kind, PublishedItem.system, PublishedItem.run, PublishedItem.name)
EXISTS = PublishedItem.body.is_null(False)


class RenderedPiece(NamedTuple):
    """A piece that was rendered."""

    key: PieceKey
    token: str
    result: RenderResult
    redactions: Counter[str]  # number by kind


class Change(NamedTuple):
    """An item that is new, different or removed."""

    piece: PieceKey | None  # None: removed
    item: Item


def newest_series() -> RevisionSeries | None:
    """The series in use; None before the first publication."""
    series: RevisionSeries | None = RevisionSeries.select().order_by(RevisionSeries.id.desc()).first()
    return series


def current() -> RevisionSeries:
    """The series in use; created by the first publication."""
    return newest_series() or _start_series(time.time())


def _start_series(started: float) -> RevisionSeries:
    name = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime(started)) + secrets.token_hex(3)
    series: RevisionSeries = RevisionSeries.create(name=name, started=started)
    return series


def restart_series(old: RevisionSeries) -> RevisionSeries:
    """Start a new series, because mirrors are ahead of the database, which was lost or restored.

    All items are published again. If another process has already started one, that is returned.
    """
    with proxy.atomic():
        if not RevisionSeries.delete().where(RevisionSeries.name == old.name).execute():
            return current()
        new = _start_series(max(time.time(), old.started + 1.0))
        PublishedItem.delete().where(PublishedItem.body.is_null()).execute()
        revision = _renumber()
        RevisionSeries.update(revision=revision, at=time.time()).where(RevisionSeries.id == new.id).execute()
    return current()


def _renumber() -> int:
    """Distribute all items over revisions of bounded size from 1 on; returns the last one."""
    revision, size = 1, 0
    for number, item_bytes in rows(
        PublishedItem.select(PublishedItem.id, PublishedItem.size).order_by(PublishedItem.revision, PublishedItem.id)
    ):
        revision, size = (revision + 1, 0) if size >= REVISION_BYTES else (revision, size)
        PublishedItem.update(revision=revision).where(PublishedItem.id == number).execute()
        size += item_bytes
    return revision


def differences(rendered: Iterable[RenderedPiece]) -> list[Change]:
    """Changes of rendered pieces: items that are new or different, and removed items."""
    changes = []
    for piece in rendered:
        stored = _stored_digests(piece.key)
        for item in piece.result.items:
            if stored.pop(item.key, None) != digest(item):
                changes.append(Change(piece.key, item))
        changes += [_removal(key) for key in stored]
    return changes


def removals(keys: Iterable[PieceKey]) -> list[Change]:
    """The removal of all items of pieces that are no longer planned."""
    return [_removal(item) for key in keys for item in _stored_digests(key)]


def _removal(key: ItemKey) -> Change:
    return Change(None, Item(key, "", "", None))


def _stored_digests(key: PieceKey) -> dict[ItemKey, str]:
    """SHA-256 of each published item of a piece."""
    query = PublishedItem.select(*IDENTITY, PublishedItem.sha256).join(Piece).where(*_is(key), EXISTS)
    return {ItemKey(*identity): sha256 for *identity, sha256 in rows(query)}


def _is(key: PieceKey) -> tuple[Any, ...]:
    return Piece.kind == key.kind, Piece.system == key.system, Piece.run == key.run, Piece.name == key.name


def digest(item: Item) -> str:
    """SHA-256 of the body of an item, hexadecimal."""
    return hashlib.sha256(item.body or b"").hexdigest()


def store(series: RevisionSeries, rendered: list[RenderedPiece], removed: list[PieceKey], changes: list[Change], heartbeat: bool) -> None:
    """Store rendered pieces and, if there are changes or with `heartbeat`, a new revision.

    Raises RevisionConflict when the newest revision is not that of `series`.
    """
    now = time.time()
    with proxy.atomic():
        revision = _next_revision(series, now) if changes or heartbeat else series.revision
        pieces = {piece.key: _store_piece(piece) for piece in rendered}
        for change in changes:
            _store_item(change, pieces, revision, now)
        for key in removed:
            Piece.delete().where(*_is(key)).execute()
        changed = {change.piece for change in changes}
        redaction_counts.add(sum((piece.redactions for piece in rendered if piece.key in changed), Counter()))


def _next_revision(series: RevisionSeries, now: float) -> int:
    revision = series.revision + 1
    newest = RevisionSeries.id == series.id, RevisionSeries.revision == series.revision
    if not RevisionSeries.update(revision=revision, at=now).where(*newest).execute():
        raise RevisionConflict(f"Revision {revision} of {series.name} exists already")
    return revision


def _store_piece(piece: RenderedPiece) -> int:
    """Insert or update the row of a piece; returns its id."""
    row = {**piece.key._asdict(), "token": piece.token, "due": piece.result.due}
    target = [Piece.kind, Piece.system, Piece.run, Piece.name]
    query = Piece.insert(row).on_conflict(conflict_target=target, preserve=[Piece.token, Piece.due]).returning(Piece.id)
    ((number,),) = query.tuples().execute()
    return int(number)


def _store_item(change: Change, pieces: dict[PieceKey, int], revision: int, now: float) -> None:
    item = change.item
    content = {
        "type": item.content_type,
        "encoding": item.encoding,
        "sha256": digest(item),
        "size": len(item.body or b""),
        "body": item.body,
    }
    values = content | {"piece": pieces[change.piece] if change.piece else None, "revision": revision, "at": now}
    query = PublishedItem.insert(item.key._asdict() | values)
    query.on_conflict(conflict_target=list(IDENTITY), preserve=[getattr(PublishedItem, name) for name in values]).execute()


def forget_old_removals(series: RevisionSeries) -> None:
    """Delete removals older than REMOVALS_S."""
    old = PublishedItem.body.is_null() & (PublishedItem.at < time.time() - REMOVALS_S)
    ((newest,),) = rows(PublishedItem.select(fn.MAX(PublishedItem.revision)).where(old))
    if newest is not None:
        with proxy.atomic():
            RevisionSeries.update(forgotten=newest).where(RevisionSeries.id == series.id).execute()
            PublishedItem.delete().where(old).execute()


def snapshot(series: RevisionSeries, since: int, hub: str) -> Snapshot:
    """The changes after revision `since` up to the newest one, or as many as fit into SNAPSHOT_BYTES."""
    until = _reach(since, series.revision)
    columns = PublishedItem.select(*IDENTITY, PublishedItem.type, PublishedItem.encoding, PublishedItem.body)
    query = columns.where(PublishedItem.revision > since, PublishedItem.revision <= until)
    found = rows(query.order_by(PublishedItem.revision, PublishedItem.id))
    items = [Item(ItemKey(*key), kind, encoding, None if body is None else bytes(body)) for *key, kind, encoding, body in found]
    return Snapshot(series.name, series.started, since, until, series.at, hub, items)


def _reach(since: int, newest: int) -> int:
    """The last revision of a snapshot of bounded size."""
    later = PublishedItem.revision > since, PublishedItem.revision <= newest
    query = PublishedItem.select(PublishedItem.revision, fn.SUM(PublishedItem.size)).where(*later)
    reached, total = since, 0
    for revision, size in rows(query.group_by(PublishedItem.revision).order_by(PublishedItem.revision)):
        total += int(size)
        if total > SNAPSHOT_BYTES and reached > since:
            return reached
        reached = int(revision)
    return newest
