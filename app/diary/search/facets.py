"""The values of the jobs of a selection and how many have each, for narrowing it further."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from typing import Any, NamedTuple

from app.core.database import is_sqlite, proxy
from app.diary.search.matching import Matching, count_query, matching
from app.diary.search.query import JobQuery, one_of
from app.diary.search.selection import FACETS, JobSelection, query_of
from app.diary.search.tallied import tallied_values
from app.diary.tallies import OPEN_FIELDS

Values = list[tuple[str, int]]

MAX_VALUES = 50
"""Values of a field, the most frequent ones."""
MAX_PASSED = 20_000
"""Most jobs that are passed one by one. Of more, only some values are counted: of the newest jobs, then of all jobs, the most frequent."""
MAX_COUNTED = 10
"""Values that are so counted of an open field."""
NEWEST_JOBS = 1000
"""Jobs of the selection whose values are counted in any case."""


class FieldValues(NamedTuple):
    """Values of a field in a selection."""

    counts: Values  # each value with the number of jobs that have it, the most frequent first
    is_cut: bool  # the jobs may have more values


def facets(selection: JobSelection, users: tuple[str, ...], fields: Sequence[str] = FACETS) -> dict[str, FieldValues]:
    """By field: its values and how many jobs have each. Raises BadSearch.

    A count is that of the jobs that are shown once this value alone is chosen of the field.
    """
    query_of(selection, users)  # what is wrong is said in any case
    found: dict[str, FieldValues] = {}
    missing: dict[JobSelection, list[str]] = {}
    for field in fields:
        narrowed: dict[str, Any] = {field: ()}
        wider = replace(selection, **narrowed, obsolete=selection.obsolete or field == "verdict")  # whoever chooses obsolete sees them
        tallied = tallied_values(wider, users, field, MAX_VALUES + 1)
        if tallied is None:
            missing.setdefault(wider, []).append(field)
        else:
            found[field] = _cut(tallied)
    for wider, uncounted in missing.items():
        found |= _counted(query_of(wider, users), uncounted)
    return {field: found[field] for field in fields}


def _counted(query: JobQuery, fields: Sequence[str]) -> dict[str, FieldValues]:
    found = matching(query)
    if is_sqlite() and count_query(query) > MAX_PASSED:
        newest = _by_job(found, fields, f"ORDER BY {found.place} DESC LIMIT {NEWEST_JOBS}")
        return {field: _by_value(query, field, newest[field]) for field in fields}
    return {field: _cut(values) for field, values in _by_job(found, fields).items()}


def _by_value(query: JobQuery, field: str, newest: Values) -> FieldValues:
    """Counts of values of the newest jobs and of all jobs; FTS5 counts a value in less than 0.1 µs a job."""
    most = MAX_COUNTED if field in OPEN_FIELDS else MAX_VALUES
    frequent = tallied_values(JobSelection(obsolete=True), (), field, most + 1) or []
    values = list(dict.fromkeys(value for value, _ in (*newest, *frequent)))
    counts = [(value, count_query(replace(query, terms=(*query.terms, one_of(field, [value]))))) for value in values[:most]]
    return FieldValues(_sorted([(value, number) for value, number in counts if number]), len(values) > most)


def _by_job(found: Matching, fields: Sequence[str], limit: str = "") -> dict[str, Values]:
    """Counts of all values of the jobs. limit: the end of the statement that selects them."""
    columns = ['"tags"' if field == "tag" else f'"{field}"' for field in fields]
    places = f"place IN (SELECT {found.place} FROM diary_words WHERE {found.where} {limit})"
    counters: dict[str, Counter[str]] = {field: Counter() for field in fields}
    if is_sqlite():
        jobs = proxy.execute_sql(f"SELECT {', '.join(columns)} FROM diary_index WHERE {places}", found.values).fetchall()
        for field, values in zip(fields, zip(*jobs, strict=True), strict=False):  # without jobs there are no columns
            counters[field].update(values)
    else:
        sets = ", ".join(f"({column})" for column in columns)
        sql = f"SELECT {', '.join(columns)}, COUNT(*) FROM diary_index WHERE {places} GROUP BY GROUPING SETS ({sets})"
        for *values, number in proxy.execute_sql(sql, found.values).fetchall():
            for field, value in zip(fields, values, strict=True):
                if value is not None:  # each row is about one field
                    counters[field][value] += number
    if "tag" in counters:
        counters["tag"] = _single(counters["tag"])
    return {field: _sorted([(value, number) for value, number in counter.items() if value]) for field, counter in counters.items()}


def _single(tags: Counter[str]) -> Counter[str]:
    """Counts of single tags, of those of all tags of a job."""
    found: Counter[str] = Counter()
    for text, number in tags.items():
        found.update(dict.fromkeys(text.split("\n"), number))
    return found


def _sorted(found: Values) -> Values:
    return sorted(found, key=lambda item: (-item[1], item[0]))


def _cut(found: Values) -> FieldValues:
    return FieldValues(found[:MAX_VALUES], len(found) > MAX_VALUES)
