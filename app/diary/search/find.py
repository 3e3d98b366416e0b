"""Finding the jobs of a selection."""

from __future__ import annotations

from collections import Counter
from typing import Any

from peewee import SQL, fn

from app.core.database import proxy, rows
from app.diary.index import number_of
from app.diary.models import DiaryIndex, DiaryJob, DiaryTag
from app.diary.search.matching import Matching, matching
from app.diary.search.selection import CHANGED, ENDED, FACETS, NAME, NEWEST, OLDEST, USER, JobSelection, query_of

Users = tuple[str, ...]

ORDER_BY: dict[str, list[Any]] = {
    CHANGED: [DiaryJob.changed.desc()],
    ENDED: [fn.COALESCE(DiaryJob.ended, -1.0).desc()],
    NAME: [fn.LOWER(DiaryJob.name)],
    USER: [fn.LOWER(DiaryJob.user)],
}
"""Orders other than those of places; jobs that are equal by them stand the newest first."""


def find(selection: JobSelection, users: Users, limit: int, offset: int = 0) -> list[DiaryJob]:
    """The jobs of a selection in its order. users: who the reader is in the batch systems. Raises BadSearch."""
    found = matching(query_of(selection, users))
    if selection.order in (NEWEST, OLDEST):
        direction = "DESC" if selection.order == NEWEST else "ASC"
        sql = f"SELECT {found.place} FROM diary_words WHERE {found.where} ORDER BY {found.place} {direction} LIMIT {int(limit)} OFFSET {int(offset)}"
        wanted = [number_of(place) for (place,) in proxy.execute_sql(sql, found.values).fetchall()]
    else:
        query = DiaryJob.select(DiaryJob.id).join(DiaryIndex, on=DiaryIndex.job == DiaryJob.id).where(_is_found(found))
        order = [*ORDER_BY[selection.order], DiaryIndex.place.desc()]
        wanted = [number for (number,) in rows(query.order_by(*order).limit(limit).offset(offset))]
    jobs = {job.id: job for job in DiaryJob.select().where(DiaryJob.id.in_(wanted))}
    return [jobs[number] for number in wanted if number in jobs]


def count(selection: JobSelection, users: Users) -> int:
    """How many jobs the selection has. Raises BadSearch."""
    found = matching(query_of(selection, users))
    number: int = proxy.execute_sql(f"SELECT COUNT(*) FROM diary_words WHERE {found.where}", found.values).fetchone()[0]
    return number


def numbers(selection: JobSelection, users: Users) -> Any:
    """The query of the numbers of the jobs of a selection, for `in_` and for statements about all of them. Raises BadSearch."""
    return DiaryIndex.select(DiaryIndex.job).where(_is_found(matching(query_of(selection, users))))


def facets(selection: JobSelection, users: Users) -> dict[str, list[tuple[str, int]]]:
    """By field: its values in the selection and how many jobs have each, the most frequent first. Raises BadSearch."""
    is_found = _is_found(matching(query_of(selection, users)))
    found = {}
    for field in FACETS[:-1]:
        column = getattr(DiaryIndex, field)
        counted = rows(DiaryIndex.select(column, fn.COUNT(DiaryIndex.job)).where(is_found, column != "").group_by(column))
        found[field] = sorted(counted, key=lambda item: (-item[1], item[0]))
    found["tag"] = Counter(_tags(is_found)).most_common()
    return found


def _tags(is_found: Any) -> list[str]:
    query = DiaryTag.select(DiaryTag.tag).where(DiaryTag.job.in_(DiaryIndex.select(DiaryIndex.job).where(is_found)))
    return [tag for (tag,) in rows(query)]


def _is_found(found: Matching) -> Any:
    """The condition on a job of the index."""
    return DiaryIndex.place.in_(SQL(f"(SELECT {found.place} FROM diary_words WHERE {found.where})", found.values))
