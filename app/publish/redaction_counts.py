"""Counts of redactions by day and kind."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Mapping
from datetime import UTC, datetime

from peewee import BigIntegerField, TextField, fn

from app.core.database import Table, rows


class RedactionCount(Table):
    """Number of redactions of a kind on a day.

    Attributes:
        day: UTC, as 2026-11-22.
        kind: As in `Sanitizer.counts`.
    """

    day = TextField()
    kind = TextField()
    count = BigIntegerField()

    class Meta:
        table_name = "publish_redaction_count"
        indexes = ((("day", "kind"), True),)


def add(counts: Mapping[str, int]) -> None:
    """Add to the counts of today."""
    today = datetime.now(UTC).date().isoformat()
    for kind, count in sorted(counts.items()):
        query = RedactionCount.insert(day=today, kind=kind, count=count)
        query.on_conflict(
            conflict_target=[RedactionCount.day, RedactionCount.kind], update={RedactionCount.count: RedactionCount.count + count}
        ).execute()


def totals(since: str = "") -> Counter[str]:
    """The counts by kind, for all days or since a day (inclusive)."""
    query = RedactionCount.select(RedactionCount.kind, fn.SUM(RedactionCount.count)).where(RedactionCount.day >= since)
    return Counter({kind: int(count) for kind, count in rows(query.group_by(RedactionCount.kind))})


def by_day(days: int) -> tuple[list[str], dict[str, dict[str, int]]]:
    """The kinds redacted in the last days, and their counts by day, newest day first."""
    found: dict[str, dict[str, int]] = {}
    query = RedactionCount.select(RedactionCount.day, RedactionCount.kind, RedactionCount.count)
    query = query.where(RedactionCount.day >= days_ago(days - 1)).order_by(RedactionCount.day.desc(), RedactionCount.kind)
    for day, kind, count in rows(query):
        found.setdefault(day, {})[kind] = int(count)
    return sorted({kind for counts in found.values() for kind in counts}), found


def days_ago(days: int) -> str:
    """A day before today (UTC), as 2026-11-22."""
    return time.strftime("%Y-%m-%d", time.gmtime(time.time() - days * 86400))
