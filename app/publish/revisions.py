"""Editions: numbered transactions that change what outside has, and the snapshots that lead a mirror from one to a later one."""

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
from app.publish.items import Rendered
from app.publish.models import Piece, Published, Series
from app.publish.plan import Place
from protocol.snapshot import Item, ItemKey, Snapshot

EDITION_BYTES = 4 << 20
"""An edition ends with the piece that reaches so many."""

SNAPSHOT_BYTES = 8 << 20
"""A snapshot ends with an edition before it has more, unless one edition alone has."""

REMOVALS_S = 90 * 86400.0
"""What left is remembered for so long: a mirror that was away for longer begins anew."""

IDENTITY = (Published.kind, Published.system, Published.run, Published.name)


class Overtaken(Exception):
    """Another publisher has made the edition that this one was about to make."""


class Made(NamedTuple):
    """A piece as it is now; tally: what was dropped or replaced in it, by kind."""

    place: Place
    token: str
    rendered: Rendered
    tally: Counter[str]


class Change(NamedTuple):
    """An item that is new or different, or gone; place: of its piece."""

    place: Place | None
    item: Item


def current() -> Series:
    """The series of now; the first publication begins one."""
    found: Series | None = Series.select().order_by(Series.id.desc()).first()
    return found or _begin(time.time())


def _begin(started: float) -> Series:
    name = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime(started)) + secrets.token_hex(3)
    made: Series = Series.create(name=name, started=started)
    return made


def renew(old: Series) -> Series:
    """Begin another series: mirrors have more of this one than the database, which was lost or put back. All that is there comes again."""
    with proxy.atomic():
        if not Series.delete().where(Series.name == old.name).execute():  # somebody else did so meanwhile
            return current()
        new = _begin(max(time.time(), old.started + 1.0))
        Published.delete().where(Published.body.is_null()).execute()
        edition, size = 1, 0
        for number, bytes_ in rows(Published.select(Published.id, Published.size).order_by(Published.edition, Published.id)):
            edition, size = (edition + 1, 0) if size >= EDITION_BYTES else (edition, size)
            Published.update(edition=edition).where(Published.id == number).execute()
            size += bytes_
        Series.update(edition=edition, at=time.time()).where(Series.id == new.id).execute()
    return current()


def differences(made: Iterable[Made]) -> list[Change]:
    """What is new or different in pieces that were rendered, and what is not in them any more."""
    found = []
    for one in made:
        stored = _stored(one.place)
        for item in one.rendered.items:
            if stored.pop(item.key, None) != digest(item):
                found.append(Change(one.place, item))
        found += [Change(None, Item(key, "", "", None)) for key in stored]
    return found


def _stored(place: Place) -> dict[ItemKey, str]:
    """The hashes of the items of a piece that outside has."""
    query = Published.select(*IDENTITY, Published.sha256).join(Piece).where(*_is(place), Published.body.is_null(False))
    return {ItemKey(*identity): sha256 for *identity, sha256 in rows(query)}


def _is(place: Place) -> tuple[Any, ...]:
    return Piece.kind == place.kind, Piece.system == place.system, Piece.run == place.run, Piece.name == place.name


def digest(item: Item) -> str:
    """SHA-256 of the bytes of an item as they are sent, hexadecimal."""
    return hashlib.sha256(item.body or b"").hexdigest()


def removals(places: Iterable[Place]) -> list[Change]:
    """What leaves with pieces that are not planned any more."""
    return [Change(None, Item(key, "", "", None)) for place in places for key in _stored(place)]


def store(series: Series, made: list[Made], gone: list[Place], changes: list[Change], beat: bool) -> None:
    """Write what was rendered; changes, or `beat`, make an edition. Overtaken when there is a newer one than `series` knows."""
    now = time.time()
    with proxy.atomic():
        edition = series.edition
        if changes or beat:
            edition += 1
            newest = Series.id == series.id, Series.edition == series.edition
            if not Series.update(edition=edition, at=now).where(*newest).execute():
                raise Overtaken(f"edition {edition} of {series.name} is there already")
        pieces = {one.place: _write(one) for one in made}
        for change in changes:
            _publish(change, pieces, edition, now)
        for place in gone:
            Piece.delete().where(*_is(place)).execute()
        changed = {change.place for change in changes}
        redaction_counts.add(sum((one.tally for one in made if one.place in changed), Counter()))


def _write(one: Made) -> int:
    row = {**one.place._asdict(), "token": one.token, "due": one.rendered.due}
    target = [Piece.kind, Piece.system, Piece.run, Piece.name]
    query = Piece.insert(row).on_conflict(conflict_target=target, preserve=[Piece.token, Piece.due]).returning(Piece.id)
    ((number,),) = query.tuples().execute()
    return int(number)


def _publish(change: Change, pieces: dict[Place, int], edition: int, now: float) -> None:
    item = change.item
    row = {
        **item.key._asdict(), "piece": pieces[change.place] if change.place else None, "type": item.content_type, "encoding": item.encoding,
        "sha256": digest(item), "size": len(item.body or b""), "body": item.body, "edition": edition, "at": now,
    }  # fmt: skip
    changed = [getattr(Published, name) for name in row.keys() - item.key._asdict().keys()]
    Published.insert(row).on_conflict(conflict_target=list(IDENTITY), preserve=changed).execute()


def forget(series: Series) -> None:
    """Let removals of long ago go."""
    old = Published.body.is_null() & (Published.at < time.time() - REMOVALS_S)
    ((newest,),) = rows(Published.select(fn.MAX(Published.edition)).where(old))
    if newest is not None:
        with proxy.atomic():
            Series.update(dropped=newest).where(Series.id == series.id).execute()
            Published.delete().where(old).execute()


def snapshot(series: Series, since: int, hub: str) -> Snapshot:
    """What leads a mirror from edition `since` towards the newest one; as far as SNAPSHOT_BYTES reach."""
    until = _reach(since, series.edition)
    chosen = Published.select(*IDENTITY, Published.type, Published.encoding, Published.body)
    query = chosen.where(Published.edition > since, Published.edition <= until).order_by(Published.edition, Published.id)
    items = [Item(ItemKey(*key), kind, encoding, None if body is None else bytes(body)) for *key, kind, encoding, body in rows(query)]
    return Snapshot(series.name, series.started, since, until, series.at, hub, items)


def _reach(since: int, newest: int) -> int:
    """The edition up to which a snapshot is not too large."""
    later = Published.edition > since, Published.edition <= newest
    sizes = rows(
        Published.select(Published.edition, fn.SUM(Published.size)).where(*later).group_by(Published.edition).order_by(Published.edition)
    )
    reached, total = since, 0
    for edition, size in sizes:
        total += int(size)
        if total > SNAPSHOT_BYTES and reached > since:
            return reached
        reached = int(edition)
    return newest
