"""How much was replaced or dropped before it left, by day and kind."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from datetime import UTC, datetime

from peewee import BigIntegerField, TextField, fn

from app.core.database import Table, rows


class Cleaned(Table):
    """How often something of a kind was replaced or dropped on a day (as 2026-11-22, UTC)."""

    day = TextField()
    kind = TextField()
    times = BigIntegerField()

    class Meta:
        table_name = "square_cleaned"
        indexes = ((("day", "kind"), True),)


def add(counted: Mapping[str, int]) -> None:
    """Add what a `Sanitizer` counted to the sums of today."""
    today = datetime.now(UTC).date().isoformat()
    for kind, times in sorted(counted.items()):
        query = Cleaned.insert(day=today, kind=kind, times=times)
        query.on_conflict(conflict_target=[Cleaned.day, Cleaned.kind], update={Cleaned.times: Cleaned.times + times}).execute()


def totals(since: str = "") -> Counter[str]:
    """The sums by kind, of all days or since a day (as 2026-11-22, itself included)."""
    query = Cleaned.select(Cleaned.kind, fn.SUM(Cleaned.times)).where(Cleaned.day >= since).group_by(Cleaned.kind)
    return Counter({kind: int(times) for kind, times in rows(query)})
