"""The index of the jobs: their words, and their place in the order of lists."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from app.core.database import is_sqlite, proxy, rows
from app.diary.models import DiaryIndex, DiaryJob, DiaryReview, DiaryTag
from app.diary.words import JobTexts, document

NUMBER_BITS = 29
"""Bits of a place that are the number of the job; the others are the whole seconds by which it is ordered."""

COLUMNS = ("job", "place", "state", "review", "verdict", "source", "user", "project", "run")
TEXTS = ("native_id", "source", "kind", "name", "user", "project", "state", "reason", "workdir", "labels")
REVIEW = ("review", "verdict", "summary", "notes")


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
    texts = _texts(numbers)
    index_fields = [getattr(DiaryIndex, name) for name in COLUMNS]
    known = {row[0]: row for row in rows(DiaryIndex.select(*index_fields).where(DiaryIndex.job.in_(numbers)))}
    index, words = [], []
    for number, (placed, job) in texts.items():
        place = place_of(placed, number)
        facts = (job.state, job.review, job.verdict, job.source, job.user, job.project, job.labels.get("run", ""))
        index.append((number, place, *facts))
        words.append((place, document(job)))
    moved = [row[1] for number, row in known.items() if number not in texts or row[1] != place_of(texts[number][0], number)]
    _remove_words(moved)
    if gone := [number for number in known if number not in texts]:
        DiaryIndex.delete().where(DiaryIndex.job.in_(gone)).execute()
    if index:
        changed = [getattr(DiaryIndex, name) for name in COLUMNS[1:]]
        DiaryIndex.insert_many(index, fields=index_fields).on_conflict(conflict_target=[DiaryIndex.job], preserve=changed).execute()
        _write_words(words)


def index_again(limit: int) -> int:
    """Index jobs that a change of the index has marked for it; returns their number."""
    with proxy.atomic():
        marked = [number for (number,) in rows(DiaryIndex.select(DiaryIndex.job).where(DiaryIndex.place < 0).limit(limit))]
        reindex(marked)
    return len(marked)


def _texts(numbers: Sequence[int]) -> dict[int, tuple[float, JobTexts]]:
    """By number of a job: when it is placed, and what is searched of it."""
    reviews: dict[int, tuple[Any, ...]] = {}
    fields = [getattr(DiaryReview, name) for name in REVIEW]
    for number, *review in rows(DiaryReview.select(DiaryReview.job, *fields).where(DiaryReview.job.in_(numbers))):
        reviews[number] = tuple(review)
    tags = defaultdict(list)
    for number, tag in rows(DiaryTag.select(DiaryTag.job, DiaryTag.tag).where(DiaryTag.job.in_(numbers))):
        tags[number].append(tag)
    found = {}
    columns = [getattr(DiaryJob, name) for name in TEXTS]
    for number, placed, *texts in rows(DiaryJob.select(DiaryJob.id, DiaryJob.placed, *columns).where(DiaryJob.id.in_(numbers))):
        said = dict(zip(REVIEW, reviews.get(number, ("open", "none", "", "")), strict=True))
        job = dict(zip(TEXTS, texts, strict=True))
        found[number] = placed, JobTexts(**job | said | {"labels": json.loads(job["labels"]), "tags": sorted(tags[number])})
    return found


def _remove_words(places: Sequence[int]) -> None:
    if places:
        sql = "DELETE FROM diary_words WHERE rowid = ?" if is_sqlite() else "DELETE FROM diary_words WHERE place = %s"
        proxy.cursor().executemany(sql, [(place,) for place in places])


def _write_words(words: Sequence[tuple[int, str]]) -> None:
    if is_sqlite():
        proxy.cursor().executemany("REPLACE INTO diary_words (rowid, words) VALUES (?, ?)", words)
        return
    sql = "INSERT INTO diary_words (place, words) VALUES (%s, %s) ON CONFLICT (place) DO UPDATE SET words = excluded.words"
    proxy.cursor().executemany(sql, words)
