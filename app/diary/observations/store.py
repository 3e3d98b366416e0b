"""Storing observations in short transactions. Two processes may store those of one source at the same time."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from typing import Any, NamedTuple

from peewee import chunked

from app.core.database import proxy, rows
from app.diary.errors import BadObservation
from app.diary.index import reindex
from app.diary.models import DiaryEvent, DiaryJob, DiaryParent, DiarySource
from app.diary.observations.changes import StoredJob, new_job
from app.diary.observations.checks import Checked, checked
from app.diary.observations.observation import JobKey, Observation, ParentKey
from app.diary.states import LOST, UNFINISHED

BATCH = 50
"""Observations of one transaction, which takes much less than the 0.2 s for which others may wait."""

COLUMNS = [field for name, field in DiaryJob._meta.fields.items()]
NAMES = [field.name for field in COLUMNS]


class StoreCounts(NamedTuple):
    """What storing observations has done."""

    found: int = 0  # new jobs
    changed: int = 0  # jobs that were known
    seen: int = 0  # observations that were used
    refused: tuple[tuple[str, str], ...] = ()  # text and reason of each that cannot be used
    skew_s: float = 0.0  # how far the clock of the source is ahead

    def __add__(self, other: StoreCounts) -> StoreCounts:  # type: ignore[override]  # not of tuples
        """The sum of two."""
        refused, skew_s = self.refused + other.refused, max(self.skew_s, other.skew_s)
        return StoreCounts(self.found + other.found, self.changed + other.changed, self.seen + other.seen, refused, skew_s)


def store(
    source: str,
    observations: Iterable[Observation],
    now: float,
    cycle: int = 0,
    finish: Callable[[StoreCounts], object] = lambda _: None,
) -> StoreCounts:
    """Store observations: the later one of a job wins by its own time, whatever comes first.

    Args:
        source: Name of the source.
        observations: Of any number of jobs; those that cannot be used are refused singly.
        now: Unix s UTC. A time of the source after it is taken for now, or its next ones would lose until then.
        cycle: Number of the scan.
        finish: Called in the transaction of the last observations.
    """
    total, batches = StoreCounts(), chunked(observations, BATCH)  # read as they come, which may be many
    batch: list[Observation] | None = next(batches, [])
    while batch is not None:
        good, refused, skew_s = _check(batch, now)
        batch = next(batches, None)
        with proxy.atomic():
            lock(source)
            found, changed = _store_batch(source, good, now, cycle)
            total += StoreCounts(found, changed, len(good), tuple(refused), skew_s)
            if batch is None:
                finish(total)
    return total


def lock(source: str) -> None:
    """Let other transactions on this source wait for the end of this one."""
    if not DiarySource.update(name=source).where(DiarySource.name == source).execute():
        DiarySource.insert(name=source).on_conflict_ignore().execute()
        lock(source)


def _check(batch: Sequence[Observation], now: float) -> tuple[list[Checked], list[tuple[str, str]], float]:
    """The good ones of a batch, text and reason of the others, and how far the clock of the source is ahead, s."""
    good, refused, skew_s = [], [], 0.0
    for observation in batch:
        try:
            found = checked(observation)
        except BadObservation as error:
            refused.append((_text_of(observation), str(error)))
            continue
        skew_s = max(skew_s, found.seen - now)
        good.append(found._replace(seen=min(found.seen, now)))
    return good, refused, skew_s


def _text_of(observation: object) -> str:
    """An observation for people."""
    try:
        return repr(observation)
    except Exception as error:  # whatever is in it
        return f"{type(observation).__name__} whose text cannot be made ({type(error).__name__})"


def _store_batch(source: str, good: Sequence[Checked], now: float, cycle: int) -> tuple[int, int]:
    """Store observations within a transaction; returns the numbers of new and of changed jobs."""
    known = _stored(source, {each.key.native_id for each in good}, with_parents=any(each.parents for each in good))
    touched: dict[int, StoredJob] = {}
    for observation in good:
        same_id = known[observation.key.native_id]
        job = _same_job(same_id, observation.key)
        if job is None:
            job = new_job(source, observation, now)
            same_id.append(job)
        else:
            job.add(observation, now)
        touched[id(job)] = job
    new = [job for job in touched.values() if job.id is None]
    old = [job for job in touched.values() if job.id is not None]
    changed = [job for job in old if job.changed or job.new_parents]
    _insert(source, new, now, cycle)
    for job in changed:
        values = job.changed | {"changed": now, "met": now, "seen": job.row["seen"], "cycle": cycle}
        DiaryJob.update(values).where(DiaryJob.id == job.id).execute()
    _touch([job for job in old if not (job.changed or job.new_parents)], now, cycle)
    _add_history(new + changed, f"source:{source}", now)
    reindex([job.id for job in new + changed if job.id is not None])
    return len(new), len(changed)


def _stored(source: str, ids: set[str], with_parents: bool) -> dict[str, list[StoredJob]]:
    """The stored jobs with these ids, by id; the latest last."""
    found: dict[str, list[StoredJob]] = defaultdict(list)
    query = DiaryJob.select(*COLUMNS).where(DiaryJob.source == source, DiaryJob.native_id.in_(sorted(ids)))
    for values in rows(query.order_by(DiaryJob.submitted, DiaryJob.id)):
        row = dict(zip(NAMES, values, strict=True))
        found[row["native_id"]].append(StoredJob(row, row["id"]))
    if with_parents:
        jobs = {job.id: job for same in found.values() for job in same}
        fields = DiaryParent.job, DiaryParent.source, DiaryParent.native_id, DiaryParent.submitted
        for number, *key in rows(DiaryParent.select(*fields).where(DiaryParent.job.in_(list(jobs)))):
            jobs[number].parents.add(ParentKey(*key))
    return found


def _same_job(same_id: list[StoredJob], key: JobKey) -> StoredJob | None:
    """The job that is meant, of those with its id; None: a new one.

    Ids come again. Without a time of submission the latest is meant; one whose submission was unknown is this job
    unless it was seen last before this one was submitted.
    """
    if not key.submitted:
        return max(same_id, key=lambda job: job.row["placed"], default=None)  # which is never in the future
    exact = [job for job in same_id if job.row["submitted"] == key.submitted]
    unknown = [job for job in same_id if not job.row["submitted"] and job.row["seen"] >= key.submitted]
    return next(iter(exact + unknown), None)


def _insert(source: str, new: list[StoredJob], now: float, cycle: int) -> None:
    """Insert new jobs; they know their numbers then."""
    if not new:
        return
    moment = {"met": now, "changed": now, "cycle": cycle}
    columns = [name for name in NAMES if name != "id"]
    table = {name: position for position, name in enumerate(columns)}
    values = [[(job.row | moment)[name] for name in table] for job in new]
    DiaryJob.insert_many(values, fields=[getattr(DiaryJob, name) for name in columns]).execute()
    keys = {(job.row["native_id"], job.row["submitted"]): job for job in new}
    fields = DiaryJob.id, DiaryJob.native_id, DiaryJob.submitted
    for number, *key in rows(DiaryJob.select(*fields).where(DiaryJob.source == source, DiaryJob.native_id.in_([id for id, _ in keys]))):
        if job := keys.get(tuple(key)):
            job.id = number


def _touch(same: list[StoredJob], now: float, cycle: int) -> None:
    """Note that jobs were seen unchanged: one statement for all of the same time."""
    by_time: dict[float, list[int]] = defaultdict(list)
    for job in same:
        by_time[job.row["seen"]].append(job.id or 0)
    for seen, numbers in by_time.items():
        DiaryJob.update(seen=seen, met=now, cycle=cycle).where(DiaryJob.id.in_(numbers)).execute()


def _add_history(jobs: list[StoredJob], actor: str, now: float) -> None:
    events = [(job.id, now, actor, *event) for job in jobs for event in job.events]
    if events:
        fields = [DiaryEvent.job, DiaryEvent.at, DiaryEvent.actor, DiaryEvent.field, DiaryEvent.old, DiaryEvent.new]
        DiaryEvent.insert_many(events, fields=fields).execute()
    parents = [(job.id, *parent) for job in jobs for parent in job.new_parents]
    if parents:
        fields = [DiaryParent.job, DiaryParent.source, DiaryParent.native_id, DiaryParent.submitted]
        DiaryParent.insert_many(parents, fields=fields).on_conflict_ignore().execute()


def missing(source: str, cycle: int, cycles: int, before: float, limit: int) -> list[JobKey]:
    """Keys of unfinished jobs that the last complete scans did not show and that were met before a time, the oldest first."""
    query = DiaryJob.select(DiaryJob.native_id, DiaryJob.submitted).where(*_is_missing(source, cycle, cycles, before))
    return [JobKey(*row) for row in rows(query.order_by(DiaryJob.met).limit(limit))]


def lose(source: str, cycle: int, cycles: int, before: float, now: float) -> int:
    """Let the jobs of `missing` be lost, until they are seen again; returns their number."""
    lost = 0
    while True:
        with proxy.atomic():
            lock(source)
            query = DiaryJob.select(*COLUMNS).where(*_is_missing(source, cycle, cycles, before)).limit(BATCH)
            found = [dict(zip(NAMES, values, strict=True)) for values in rows(query)]
            jobs = [StoredJob(row, row["id"]) for row in found]
            for job in jobs:
                job.set_machine_state(LOST)
                DiaryJob.update(job.changed | {"changed": now}).where(DiaryJob.id == job.id).execute()
            _add_history(jobs, f"source:{source}", now)
            reindex([row["id"] for row in found])
        lost += len(jobs)
        if len(jobs) < BATCH:
            return lost


def _is_missing(source: str, cycle: int, cycles: int, before: float) -> list[Any]:
    is_unfinished = DiaryJob.source == source, DiaryJob.machine_state.in_(UNFINISHED)
    return [*is_unfinished, DiaryJob.cycle <= cycle - cycles, DiaryJob.met <= before]
