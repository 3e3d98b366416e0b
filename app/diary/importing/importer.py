"""Storing the jobs of CAE Job Diary. What was imported before and is the same changes nothing."""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, astuple, dataclass, replace
from operator import add
from typing import Any, NamedTuple

from peewee import chunked

from app.core.database import proxy, rows
from app.diary.importing.databases import mysql, sqlite
from app.diary.importing.dumpdata import OldDump
from app.diary.importing.mapping import PINNED, as_markdown, job_id, observation_of, review_of
from app.diary.importing.old_diary import BadImport, OldDiary, OldJob
from app.diary.jobs import pin_state
from app.diary.models import DiaryEvent, DiaryJob, DiarySource
from app.diary.observations.observation import Observation
from app.diary.observations.quarantine import quarantine
from app.diary.observations.store import BATCH, StoreCounts, lock, store
from app.diary.review.errors import BadReview
from app.diary.review.fields import checked_change
from app.diary.review.review import FIELDS, Review, ReviewChange
from app.diary.review.reviews import changed_review, reviews_of, store_reviews, text_of
from app.diary.sources.registry import check_source_name, source_kinds
from app.diary.sources.runner import source_state

BY = "CAE Job Diary"
"""Who has made imported reviews, in the history."""
SAME_JOB_S = 86400.0
"""Jobs with the same id that were submitted closer to each other are the same: the original has the time of the README."""
UNKNOWN_S = SAME_JOB_S - 1.0
"""Distance of a job of unknown time: any job with a time near enough is nearer."""
NOBODY = Review(0)


@dataclass(frozen=True)
class ImportReport:
    """What an import did."""

    jobs: int = 0  # that were read
    found: int = 0  # that are new
    changed: int = 0
    reviewed: int = 0  # whose review was changed
    kept: int = 0  # whose review somebody has changed here, which stays
    quarantined: int = 0

    def __add__(self, other: ImportReport) -> ImportReport:
        """The sum of two."""
        return ImportReport(*map(add, astuple(self), astuple(other)))


class _Stored(NamedTuple):
    """A job of the diary."""

    number: int
    submitted: int
    information: str  # of its README, if the source has read that


def old_diary(address: str) -> OldDiary:
    """The CAE Job Diary at `sqlite:FILE`, `json:FILE` or `mysql://...`. Raises BadImport."""
    kind, _, rest = address.partition(":")
    if kind in ("mysql", "mariadb"):
        return mysql(address)
    if kind not in ("sqlite", "json") or not rest:
        raise BadImport("The address must be sqlite:FILE, json:FILE or mysql://user:password@host:port/name")
    return sqlite(rest) if kind == "sqlite" else OldDump(rest)


def import_jobs(diary: OldDiary, source: str, now: float, keep: int) -> ImportReport:
    """Store all jobs and their reviews. Raises BadImport, BadSourceConfig.

    Args:
        diary: Where they are read.
        source: Name of the source that they are of from now on.
        now: Unix s UTC.
        keep: Records that cannot be used which are kept.
    """
    check_source_name(source)
    if source in source_kinds() and source_kinds()[source].is_default:
        raise BadImport(f"{source} is a source of this hub by itself: give the imported jobs another one")
    report = ImportReport()
    for batch in chunked(diary.jobs(), BATCH):
        report += _import_batch(batch, source, now, keep)
    return report


def _import_batch(batch: Sequence[OldJob], source: str, now: float, keep: int) -> ImportReport:
    refused: list[tuple[str, str]] = []
    known = _stored(source, batch)
    found: dict[str, tuple[OldJob, Observation]] = {}
    for old in batch:
        try:
            native_id = job_id(old)
            job = _same(known.get(native_id, ()), old)
            submitted = float(job.submitted) if job and job.submitted else old.time("sub_date") or 0.0
            found[native_id] = old, observation_of(old, source, submitted, now)
        except Exception as error:  # whatever is in it
            refused.append((repr(old.values), str(error)))
    observations = [observation for _, observation in found.values()]
    counts = store(source, observations, now, source_state(source).cycle, lambda counts: _tell_of_new(source, counts))
    refused += counts.refused
    reviews: list[tuple[_Stored, OldJob, ReviewChange]] = []
    stored = _stored(source, batch)
    for native_id, (old, _) in found.items():
        job = _same(stored.get(native_id, ()), old)
        try:
            if job:
                reviews.append((job, old, checked_change(review_of(old))))
        except BadReview as error:
            refused.append((repr(old.values), str(error)))
    reviewed, kept = _import_reviews(source, reviews, now)
    quarantine(source, refused, now, keep)
    return ImportReport(len(batch), counts.found, counts.changed, reviewed, kept, len(refused))


def _tell_of_new(source: str, counts: StoreCounts) -> None:
    """Let the process that scans the source know new jobs from the database: its memory is of a cursor, which is another one then."""
    if counts.found:
        state = source_state(source)
        cursor = json.dumps(json.loads(state.cursor) | {"imported": secrets.token_hex(8)})
        DiarySource.update(cursor=cursor, scans=DiarySource.scans + 1).where(DiarySource.name == source).execute()


def _stored(source: str, batch: Iterable[OldJob]) -> dict[str, list[_Stored]]:
    """The stored jobs of a source with the ids of some jobs, by id."""
    ids = [str(old.values.get("job_id")) for old in batch]
    columns = DiaryJob.native_id, DiaryJob.id, DiaryJob.submitted, DiaryJob.facts
    found: dict[str, list[_Stored]] = {}
    for native_id, number, submitted, facts in rows(
        DiaryJob.select(*columns).where(DiaryJob.source == source, DiaryJob.native_id.in_(ids)).order_by(DiaryJob.id)
    ):
        information = str(json.loads(facts).get("information", ""))
        found.setdefault(native_id, []).append(_Stored(number, submitted, information))
    return found


def _same(jobs: Iterable[_Stored], old: OldJob) -> _Stored | None:
    """The stored job that an old one is: that of the nearest time of submission, if it is near; else one whose time is unknown."""
    submitted = old.time("sub_date") or 0.0
    near = [(abs(job.submitted - submitted) if job.submitted and submitted else UNKNOWN_S, job) for job in jobs]
    distance, job = min(near, default=(SAME_JOB_S, None), key=lambda each: each[0])
    return job if distance < SAME_JOB_S else None


def _import_reviews(source: str, reviews: Sequence[tuple[_Stored, OldJob, ReviewChange]], now: float) -> tuple[int, int]:
    """Store reviews and the states that people set. Returns how many were changed, and how many stay as somebody made them here."""
    with proxy.atomic():
        lock(source)
        numbers = [job.number for job, _, _ in reviews]
        before, imported = reviews_of(numbers), _imported(numbers)
        changes, kept = [], 0
        for job, _, change in reviews:
            wanted, is_kept = _wanted(before[job.number], change, imported.get(job.number, {}), job.information)
            after = changed_review(before[job.number], wanted)
            kept += is_kept
            if after != before[job.number]:
                changes.append((before[job.number], after))
        store_reviews(changes, BY, now)
    for job, old, _ in reviews:
        if (state := PINNED.get(old.text("job_status"))) and "pinned state" not in imported.get(job.number, {}):
            _pin(job.number, state)
    return len(changes), kept


def _imported(numbers: Sequence[int]) -> dict[int, dict[str, str]]:
    """By number of a job: the values that the last import gave to fields."""
    found: dict[int, dict[str, str]] = {}
    query = DiaryEvent.select(DiaryEvent.job, DiaryEvent.field, DiaryEvent.new)
    for number, field, new in rows(query.where(DiaryEvent.job.in_(numbers), DiaryEvent.actor == f"user:{BY}").order_by(DiaryEvent.id)):
        found.setdefault(number, {})[field] = new
    return found


def _wanted(before: Review, change: ReviewChange, imported: Mapping[str, str], information: str) -> tuple[ReviewChange, bool]:
    """The fields to set, which nobody has changed here since the last import; and whether others differ."""
    after = changed_review(NOBODY, change)
    values: dict[str, Any] = {}
    is_kept = False
    for field in FIELDS:
        now, new = text_of(before, field), text_of(after, field)
        if field == "notes" and field not in imported and new == as_markdown(information.strip()):
            continue  # it is from the README, not written by a person
        if now == imported.get(field, text_of(NOBODY, field)):
            values[field] = asdict(after)[field]
        else:
            is_kept = is_kept or now != new
    return replace(ReviewChange(), **values), is_kept


def _pin(number: int, state: str) -> None:
    """Set a state that people had set, unless people here have set one."""
    if not DiaryJob.get_by_id(number).pinned_by:
        pin_state(number, state, BY)
