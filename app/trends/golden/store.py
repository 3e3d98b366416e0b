"""Golden JSON files in the database: the same list always has the same hash, so that an address with it shows the same runs to all.

A list that nobody uses for a year is removed. If there are too many, some make room: first those that nobody has used since
the day of their upload, so that many new lists do not drive out those in use. Those that rules name always stay, and one user
uploads only so many in a day.
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Collection
from functools import lru_cache
from hashlib import sha256
from typing import Any

from app.core.database import rows
from app.security.audit_log import acting_user
from app.trends.errors import RequestLimit
from app.trends.golden.content import GoldenRuns, canonical, lumi_count, read_golden
from app.trends.golden.errors import UnknownGolden
from app.trends.golden.models import GoldenList

LEAST_DIGITS = 12
"""Digits of a hash that may stand for the whole, if only one list begins with them."""

DAY_S = 86400.0
"""Precision of the last use of a list."""

UNUSED_DAYS = 366

MAX_LISTS = 1000
"""Stored lists: 1 GB at most."""
ROOM = 20
"""Lists that are removed at once where there are too many."""

MOST_A_DAY = 50
"""New lists of one user, or of one address without a user, in a day."""

MAX_NAME = 200


def store_golden(data: bytes, name: str = "", keep: Collection[str] = ()) -> GoldenList:
    """The list of a file, stored unless it is known.

    Args:
        data: The file.
        name: Of the file.
        keep: Hashes, or their beginnings, of lists that must not make room for it.

    Raises:
        InvalidGolden: The file is no golden JSON.
        RequestLimit: The user has stored as many new ones today as are allowed.
    """
    runs = read_golden(data)
    content = canonical(runs)
    digest = sha256(content.encode()).hexdigest()
    if GoldenList.select().where(GoldenList.hash == digest).exists():
        return find_golden(digest)
    now = time.time()
    if GoldenList.select().where(GoldenList.user == acting_user(), GoldenList.created > now - DAY_S).count() >= MOST_A_DAY:
        raise RequestLimit(f"You have stored {MOST_A_DAY} new golden JSON files within a day, which is the limit. Try again tomorrow")
    _make_room(keep)
    row = {
        "hash": digest,
        "content": content,
        "name": "".join(letter for letter in name if letter.isprintable())[:MAX_NAME],
        "runs": len(runs),
        "lumis": sum(map(lumi_count, runs.values())),
        "user": acting_user(),
        "created": now,
        "used": now,
    }
    GoldenList.insert(row).on_conflict_ignore().execute()
    return find_golden(digest)


def find_golden(digest: str) -> GoldenList:
    """The list with this hash, or with the only one that begins so, without its content; see `runs_of`.

    Stores that it is used. Raises UnknownGolden.
    """
    if not re.fullmatch(rf"[0-9a-f]{{{LEAST_DIGITS},64}}", digest):
        problem = f"expected {LEAST_DIGITS} to 64 of the digits 0-9 and a-f"
        raise UnknownGolden(f"{digest[:80]!r} is no hash of a golden JSON: {problem}")
    found = list(_without_content().where(GoldenList.hash >= digest, GoldenList.hash < digest + "g").limit(2))
    if not found:
        raise UnknownGolden(f"There is no golden JSON {digest[:LEAST_DIGITS]} on this hub: upload it on the page /trends/golden")
    if len(found) > 1:
        raise UnknownGolden(f"Several golden JSON files begin with {digest}: give more digits of the hash")
    row: GoldenList = found[0]
    now = time.time()
    if row.used < now - DAY_S:
        GoldenList.update(used=now).where((GoldenList.hash == row.hash) & (GoldenList.used < now - DAY_S)).execute()
    return row


def golden_runs(digest: str) -> list[int]:
    """The runs of a list, ascending. Raises UnknownGolden."""
    return list(golden_lumis(digest))


def golden_lumis(digest: str) -> GoldenRuns:
    """The ranges of lumisections of each run of a list. Raises UnknownGolden."""
    return runs_of(find_golden(digest))


def runs_of(row: GoldenList) -> GoldenRuns:
    """The runs of a row with their ranges. Raises UnknownGolden if it has been deleted."""
    return dict(_runs_of(row.hash))


@lru_cache(maxsize=8)
def _runs_of(digest: str) -> GoldenRuns:
    """The runs of the list with this hash: the same for ever, as the hash is of the content. A page needs them several times."""
    content: str | None = GoldenList.select(GoldenList.content).where(GoldenList.hash == digest).scalar()
    if content is None:
        raise UnknownGolden(f"The golden JSON {digest[:LEAST_DIGITS]} was deleted")
    return {int(run): [(first, last) for first, last in ranges] for run, ranges in json.loads(content).items()}


def latest_lists(limit: int) -> list[GoldenList]:
    """The lists that were uploaded last, without their content."""
    return list(_without_content().order_by(GoldenList.created.desc(), GoldenList.hash).limit(limit))


def delete_unused(keep: Collection[str] = ()) -> int:
    """Delete the lists that nobody has used for a year, without those to keep; returns how many there were."""
    unused = GoldenList.select(GoldenList.hash).where(GoldenList.used < time.time() - UNUSED_DAYS * DAY_S)
    return _delete([digest for (digest,) in rows(unused) if not digest.startswith(tuple(keep))])


def _make_room(keep: Collection[str]) -> None:
    if GoldenList.select().count() < MAX_LISTS:
        return
    was_used = GoldenList.used > GoldenList.created  # on another day than that of the upload
    least_used = rows(GoldenList.select(GoldenList.hash).order_by(was_used, GoldenList.used))
    _delete([digest for (digest,) in least_used if not digest.startswith(tuple(keep))][:ROOM])


def _delete(digests: list[str]) -> int:
    return int(GoldenList.delete().where(GoldenList.hash.in_(digests)).execute()) if digests else 0


def _without_content() -> Any:
    return GoldenList.select(*(field for name, field in GoldenList._meta.fields.items() if name != "content"))
