"""Finding and counting the jobs of a selection. Users are the names that the reader has in the batch systems."""

from __future__ import annotations

from typing import Any

from peewee import SQL, chunked

from app.core.database import is_sqlite, proxy
from app.diary.index import number_of
from app.diary.index_models import DiaryIndex
from app.diary.models import DiaryJob
from app.diary.search.facets import facets
from app.diary.search.matching import Matching, count_query, matching
from app.diary.search.query import JobQuery, JobTerm
from app.diary.search.selection import CHANGED, ENDED, NAME, NEWEST, OLDEST, USER, JobSelection, query_of
from app.diary.search.tallied import tallied_count

__all__ = ["count", "facets", "find", "find_numbers", "numbers"]

ORDER_BY = {NEWEST: "place DESC", OLDEST: "place", CHANGED: "changed DESC", ENDED: "ended DESC", NAME: "name", USER: "user_key"}
"""Columns of the index by order; jobs that are equal by them stand the newest first."""

MAX_SORTED = 5000
"""Most jobs that are sorted. Of more, all jobs are passed in the order, by an index, until a page is full."""

AT_ONCE = 1000
"""Most numbers in one statement."""


def find(selection: JobSelection, users: tuple[str, ...], limit: int, offset: int = 0) -> list[DiaryJob]:
    """The jobs of a selection in its order. Raises BadSearch."""
    wanted = find_numbers(selection, users, limit, offset)
    jobs = {job.id: job for some in chunked(wanted, AT_ONCE) for job in DiaryJob.select().where(DiaryJob.id.in_(some))}
    return [jobs[number] for number in wanted if number in jobs]


def find_numbers(selection: JobSelection, users: tuple[str, ...], limit: int, offset: int = 0) -> list[int]:
    """The numbers of the jobs that `find` returns. Raises BadSearch."""
    query = query_of(selection, users)
    found = matching(query)
    page = f"LIMIT {int(limit)} OFFSET {int(offset)}"
    order = ORDER_BY[selection.order]
    if selection.order in (NEWEST, OLDEST):
        order = order.replace("place", found.place)
        places = proxy.execute_sql(f"SELECT {found.place} FROM diary_words WHERE {found.where} ORDER BY {order} {page}", found.values)
        return [number_of(place) for (place,) in places.fetchall()]
    index, condition = "", f"place IN ({_places(found)})"
    if is_sqlite() and count(selection, users) > MAX_SORTED:
        index = f"INDEXED BY diary_index_{order.partition(' ')[0]}"
        condition, found = _passed(query)
    sql = f"SELECT place FROM diary_index {index} WHERE {condition} ORDER BY {order}, place DESC {page}"
    return [number_of(place) for (place,) in proxy.execute_sql(sql, found.values).fetchall()]


def _passed(query: JobQuery) -> tuple[str, Matching]:
    """The condition on a job that is passed. SQLite makes a set of the found ones first, or of the others where these are few."""
    if query.since is None and query.until is None and all(term.is_excluded for term in query.terms):
        others = matching(JobQuery((JobTerm(tuple(words for term in query.terms for words in term.either)),)))
        return f"+place NOT IN ({_places(others)})", others
    found = matching(query)
    return f"+place IN ({_places(found)})", found


def count(selection: JobSelection, users: tuple[str, ...]) -> int:
    """How many jobs the selection has. Raises BadSearch."""
    query = query_of(selection, users)
    tallied = tallied_count(selection, users)
    return count_query(query) if tallied is None else tallied


def numbers(selection: JobSelection, users: tuple[str, ...]) -> Any:
    """The query of the numbers of the jobs of a selection, for `in_` and for statements about all of them. Raises BadSearch."""
    found = matching(query_of(selection, users))
    return DiaryIndex.select(DiaryIndex.job).where(DiaryIndex.place.in_(SQL(f"({_places(found)})", found.values)))


def _places(found: Matching) -> str:
    return f"SELECT {found.place} FROM diary_words WHERE {found.where}"
