"""Golden JSON files in the database: the same list always has the same hash, so that an address with it shows the same runs to all.

A list that nobody uses for a year is removed. If there are too many, some make room: first those that nobody has used since
the day of their upload, so that many new lists do not drive out those in use.
"""

from __future__ import annotations

import json
import re
import time
from hashlib import sha256

from app.security.audit_log import acting_user
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

MAX_NAME = 200


def store_golden(data: bytes, name: str = "") -> GoldenList:
    """The list of a file, stored unless it is known. Raises InvalidGolden."""
    runs = read_golden(data)
    content = canonical(runs)
    digest = sha256(content.encode()).hexdigest()
    _make_room(digest)
    now = time.time()
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
    """The list with this hash, or with the only one that begins so. Stores that it is used. Raises UnknownGolden."""
    if not re.fullmatch(rf"[0-9a-f]{{{LEAST_DIGITS},64}}", digest):
        problem = f"expected {LEAST_DIGITS} to 64 of the digits 0-9 and a-f"
        raise UnknownGolden(f"{digest[:80]!r} is no hash of a golden JSON: {problem}")
    found = list(GoldenList.select().where(GoldenList.hash >= digest, GoldenList.hash < digest + "g").limit(2))
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
    """The runs of a row with their ranges."""
    return {int(run): [(first, last) for first, last in ranges] for run, ranges in json.loads(row.content).items()}


def latest_lists(limit: int) -> list[GoldenList]:
    """The lists that were uploaded last, without their content."""
    columns = [field for name, field in GoldenList._meta.fields.items() if name != "content"]
    return list(GoldenList.select(*columns).order_by(GoldenList.created.desc(), GoldenList.hash).limit(limit))


def delete_unused() -> int:
    """Delete the lists that nobody has used for a year; returns how many there were."""
    return int(GoldenList.delete().where(GoldenList.used < time.time() - UNUSED_DAYS * DAY_S).execute())


def _make_room(digest: str) -> None:
    if GoldenList.select().count() < MAX_LISTS or GoldenList.select().where(GoldenList.hash == digest).exists():
        return
    was_used = GoldenList.used > GoldenList.created  # on another day than that of the upload
    least_used = GoldenList.select(GoldenList.hash).order_by(was_used, GoldenList.used).limit(ROOM)
    GoldenList.delete().where(GoldenList.hash.in_(least_used)).execute()
