"""Counts of jobs from tallies, without reading the jobs: of selections without words and with values of at most one open field."""

from __future__ import annotations

from typing import Any

from peewee import fn

from app.core.database import rows
from app.diary.index_models import DiaryTally
from app.diary.search.selection import OBSOLETE, JobSelection
from app.diary.tallies import OPEN_FIELDS

CLOSED_FIELDS = ("state", "review", "verdict", "source")


def tallied_count(selection: JobSelection, users: tuple[str, ...]) -> int | None:
    """How many jobs a selection has; None: tallies do not know it."""
    conditions = _conditions(selection, users, "")
    if conditions is None:
        return None
    found: int | None = DiaryTally.select(fn.SUM(DiaryTally.jobs)).where(*conditions).scalar()
    return int(found or 0)


def tallied_values(selection: JobSelection, users: tuple[str, ...], field: str, limit: int) -> list[tuple[str, int]] | None:
    """The most frequent values of a field in a selection, and how many jobs have each; None: tallies do not know it."""
    conditions = _conditions(selection, users, field if field in OPEN_FIELDS else "")
    if conditions is None:
        return None
    column = DiaryTally.value if field in OPEN_FIELDS else getattr(DiaryTally, field)
    jobs = fn.SUM(DiaryTally.jobs)
    query = DiaryTally.select(column, jobs).where(*conditions).group_by(column).having(jobs > 0)
    found = sorted(((value, int(number)) for value, number in rows(query)), key=lambda item: (-item[1], item[0]))
    return found[:limit]


def _conditions(selection: JobSelection, users: tuple[str, ...], field: str) -> list[Any] | None:
    """The conditions on the rows that count an open field, or none (""). None: the selection needs more."""
    filters = {name: getattr(selection, name) for name in OPEN_FIELDS if getattr(selection, name)}
    if selection.mine:
        filters["user"] = tuple(set(users).intersection(filters.get("user", users)))
    if selection.q.strip() or len({*filters, *filter(None, [field])}) > 1 or len(filters.get("tag", ())) > 1:
        return None
    open_field, values = next(iter(filters.items()), (field, None))
    conditions = [DiaryTally.field == open_field]
    if values is not None:
        conditions.append(DiaryTally.value.in_(values))
    for name in CLOSED_FIELDS:
        if wanted := getattr(selection, name):
            conditions.append(getattr(DiaryTally, name).in_(wanted))
    if not selection.obsolete and OBSOLETE not in selection.verdict:
        conditions.append(DiaryTally.verdict != OBSOLETE)
    return conditions
