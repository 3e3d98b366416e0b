"""The index of the jobs: their words, their places in the order of lists, and tallies of their values."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Sequence
from functools import lru_cache
from typing import Any, NamedTuple

from peewee import Database

from app.core.database import is_sqlite, proxy, rows
from app.diary.index_models import DiaryIndex
from app.diary.models import DiaryJob, DiaryReview, DiaryTag
from app.diary.tallies import JobFacts, tally
from app.diary.words import JobTexts, digest_of, document, sort_key, tags_of

NUMBER_BITS = 29
"""Bits of a place that are the number of the job; the others are the whole seconds by which it is ordered."""

TEXTS = ("native_id", "source", "kind", "name", "user", "project", "state", "reason", "workdir", "exit_code", "signal", "labels")
REVIEW = ("review", "verdict", "summary", "notes")

SQLITE_WRITES = ("REPLACE INTO diary_words (rowid, words) VALUES (?, ?)",)
POSTGRESQL_WRITES = (
    """INSERT INTO diary_words (place, vector) VALUES (%s, array_to_tsvector(string_to_array(trim(%s), ' ')))
        ON CONFLICT (place) DO UPDATE SET vector = excluded.vector""",
    "INSERT INTO diary_text (place, words) VALUES (%s, %s) ON CONFLICT (place) DO UPDATE SET words = excluded.words",
)


class Known(NamedTuple):
    """A job in the index."""

    job: int
    place: int
    digest: int
    facts: JobFacts


class IndexRow(NamedTuple):
    """A row of the index."""

    job: int
    place: int
    digest: int
    facts: JobFacts
    name: str
    user_key: str
    changed: float
    ended: float

    @property
    def values(self) -> tuple[Any, ...]:
        """The values in the order of COLUMNS."""
        return (self.job, self.place, self.digest, *self.facts, self.name, self.user_key, self.changed, self.ended)


COLUMNS = ("job", "place", "digest", *JobFacts._fields, "name", "user_key", "changed", "ended")
"""Columns of the index."""


def place_of(placed: float, number: int) -> int:
    """The place of a job in lists. placed: Unix s UTC."""
    return int(placed) << NUMBER_BITS | number


def number_of(place: int) -> int:
    """The number of the job at a place."""
    return place & ((1 << NUMBER_BITS) - 1)


def reindex(numbers: Sequence[int]) -> None:
    """Index jobs as they are now, within the transaction of the caller; those that are deleted leave the index."""
    if not numbers:
        return
    known = _known(numbers)
    entries, words = [], []
    for job, texts in _jobs(numbers):
        text = document(texts)
        entry = _entry(job, texts, digest_of(text))
        entries.append(entry)
        before = known.get(entry.job)
        if before is None or (before.place, before.digest) != (entry.place, entry.digest):
            words.append((entry.place, text))
    places = {entry.job: entry.place for entry in entries}
    _remove_words([before.place for before in known.values() if before.place != places.get(before.job)])
    if gone := [number for number in known if number not in places]:
        DiaryIndex.delete().where(DiaryIndex.job.in_(gone)).execute()
    if entries:
        proxy.execute_many(_statement(proxy.obj), [entry.values for entry in entries])
    _write_words(words)
    tally([before.facts for before in known.values() if before.place >= 0], [entry.facts for entry in entries])


def index_again(limit: int) -> int:
    """Index jobs that a change of the index has marked for it; returns their number."""
    with proxy.atomic():
        marked = [number for (number,) in rows(DiaryIndex.select(DiaryIndex.job).where(DiaryIndex.place < 0).limit(limit))]
        reindex(marked)
    return len(marked)


def _known(numbers: Sequence[int]) -> dict[int, Known]:
    """The jobs that are in the index; another transaction that would index one of them waits for the end of this one."""
    columns = [getattr(DiaryIndex, name) for name in JobFacts._fields]
    query = DiaryIndex.select(DiaryIndex.job, DiaryIndex.place, DiaryIndex.digest, *columns).where(DiaryIndex.job.in_(numbers))
    if not is_sqlite():  # where transactions that write wait for each other
        query = query.order_by(DiaryIndex.job).for_update()
    return {job: Known(job, place, digest, JobFacts(*facts)) for job, place, digest, *facts in rows(query)}


class JobTimes(NamedTuple):
    """The number and times of a job."""

    number: int
    placed: float
    changed: float
    ended: float | None


def _jobs(numbers: Sequence[int]) -> list[tuple[JobTimes, JobTexts]]:
    """The jobs, and what is searched of them."""
    fields = [getattr(DiaryReview, name) for name in REVIEW]
    reviews = {number: review for number, *review in rows(DiaryReview.select(DiaryReview.job, *fields).where(DiaryReview.job.in_(numbers)))}
    tags = defaultdict(list)
    for number, tag in rows(DiaryTag.select(DiaryTag.job, DiaryTag.tag).where(DiaryTag.job.in_(numbers))):
        tags[number].append(tag)
    columns = [getattr(DiaryJob, name) for name in TEXTS]
    query = DiaryJob.select(DiaryJob.id, DiaryJob.placed, DiaryJob.changed, DiaryJob.ended, *columns).where(DiaryJob.id.in_(numbers))
    found = []
    for number, placed, changed, ended, *texts in rows(query):
        job: dict[str, Any] = dict(zip(TEXTS, texts, strict=True))
        review = dict(zip(REVIEW, reviews.get(number, ("open", "none", "", "")), strict=True))
        job |= review | {"labels": json.loads(job["labels"]), "tags": sorted(tags[number])}
        found.append((JobTimes(number, placed, changed, ended), JobTexts(**job)))
    return found


def _entry(job: JobTimes, texts: JobTexts, digest: int) -> IndexRow:
    values = texts.state, texts.review, texts.verdict, texts.source, texts.user, texts.project
    facts = JobFacts(*values, texts.labels.get("run", ""), "\n".join(tags_of(texts)))
    return IndexRow(
        job.number,
        place_of(job.placed, job.number),
        digest,
        facts,
        sort_key(texts.name),
        sort_key(texts.user),
        job.changed,
        min(job.ended or 0.0, job.changed),  # an end in the future, of a wrong clock, would be the last of all for ever
    )


@lru_cache(maxsize=1)
def _statement(database: Database) -> str:
    """The statement that inserts or replaces a row of the index."""
    columns = [getattr(DiaryIndex, name) for name in COLUMNS]
    row = DiaryIndex.insert_many([[0] * len(columns)], fields=columns)  # in the order of the columns
    query = row.on_conflict(conflict_target=[DiaryIndex.job], preserve=columns[1:])
    sql: str = query.sql()[0]
    return sql


def _remove_words(places: Sequence[int]) -> None:
    if places:
        for table, column in (("diary_words", "rowid"),) if is_sqlite() else (("diary_words", "place"), ("diary_text", "place")):
            sql = f"DELETE FROM {table} WHERE {column} = {'?' if is_sqlite() else '%s'}"
            proxy.execute_many(sql, [(place,) for place in places])


def _write_words(words: Sequence[tuple[int, str]]) -> None:
    if words:
        for sql in SQLITE_WRITES if is_sqlite() else POSTGRESQL_WRITES:
            proxy.execute_many(sql, words)
