"""Jobs of the diary for people: history, parents and children, and states that people set."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Iterable
from typing import Any, NamedTuple

from app.core.database import proxy, rows
from app.diary.errors import BadState, UnknownDiaryJob
from app.diary.index import reindex
from app.diary.models import DiaryEvent, DiaryJob, DiaryParent, DiarySource
from app.diary.observations.store import lock
from app.diary.states import STATES
from app.security.audit_log import audit

MAX_HISTORY, MAX_EVENTS = 500, 50
"""Changes of a job on its page, and in an answer of the API, which has their whole texts."""
MAX_RELATIVES = 100


class Relative(NamedTuple):
    """A parent or child: its key, and the job once it is found."""

    source: str
    native_id: str
    job: DiaryJob | None


def find_job(number: int) -> DiaryJob:
    """The job of this number. Raises UnknownDiaryJob."""
    found: DiaryJob | None = DiaryJob.get_or_none(DiaryJob.id == number) if number < 2**31 else None
    if found is None:
        raise UnknownDiaryJob(f"There is no job {number} in the diary")
    return found


def jobs_with_id(native_id: str) -> list[DiaryJob]:
    """The jobs of all sources that have this id there, the newest first."""
    sources = [name for (name,) in rows(DiarySource.select(DiarySource.name))]  # the index begins with the source
    same_id = DiaryJob.select().where(DiaryJob.source.in_(sources), DiaryJob.native_id == native_id)
    return list(same_id.order_by(DiaryJob.submitted.desc(), DiaryJob.id.desc()).limit(MAX_RELATIVES))


def history_of(job: DiaryJob, limit: int = MAX_HISTORY, before: int = 0) -> list[DiaryEvent]:
    """The changes of a job, the newest first. before: number of a change; only earlier ones; 0 for all."""
    earlier = [DiaryEvent.id < before] if before else []
    return list(DiaryEvent.select().where(DiaryEvent.job == job.id, *earlier).order_by(DiaryEvent.id.desc()).limit(limit))


def parents_of(job: DiaryJob) -> list[Relative]:
    """The parents of a job, also those not found yet; a parent named with and without its time counts once."""
    keys = list(DiaryParent.select().where(DiaryParent.job == job.id).order_by(DiaryParent.id).limit(MAX_RELATIVES))
    ids = _JobIds(keys)
    parents = {number: ids.parent_of(key, job) for number, key in enumerate(keys)}
    jobs = {each.id: each for each in DiaryJob.select().where(DiaryJob.id.in_(list(filter(None, parents.values()))))}
    found: dict[Any, Relative] = {}
    for number, key in enumerate(keys):
        parent = jobs.get(parents[number])
        found.setdefault(parent.id if parent else (key.source, key.native_id), Relative(key.source, key.native_id, parent))
    return list(found.values())


def children_of(job: DiaryJob) -> list[Relative]:
    """The jobs that follow from this one, the newest first."""
    is_named = DiaryParent.source == job.source, DiaryParent.native_id == job.native_id
    keys = DiaryParent.select().where(*is_named).order_by(DiaryParent.id.desc()).limit(MAX_RELATIVES)
    named = {key.job: key for key in keys}
    children = {child.id: child for child in DiaryJob.select().where(DiaryJob.id.in_(list(named)))}
    ids = _JobIds(named.values())
    found = [(children[number], key) for number, key in named.items() if number in children]
    return [Relative(child.source, child.native_id, child) for child, key in found if ids.parent_of(key, child) == job.id]


class _JobIds:
    """All jobs with an id in these keys, read by a query for each source."""

    def __init__(self, keys: Iterable[DiaryParent]) -> None:
        wanted = defaultdict(set)
        for key in keys:
            wanted[key.source].add(key.native_id)
        self._jobs: defaultdict[tuple[str, str], list[tuple[float, int]]] = defaultdict(list)
        for source, native_ids in wanted.items():
            is_named = DiaryJob.source == source, DiaryJob.native_id.in_(sorted(native_ids))
            for native_id, submitted, number in rows(DiaryJob.select(DiaryJob.native_id, DiaryJob.submitted, DiaryJob.id).where(*is_named)):
                self._jobs[source, native_id].append((submitted, number))

    def parent_of(self, key: DiaryParent, child: DiaryJob) -> int | None:
        """The number of the job that a key means. Ids come again: without a time the newest that was there before the child."""
        found = self._jobs[key.source, key.native_id]
        if key.submitted:
            found = [each for each in found if each[0] == key.submitted]
        elif child.submitted:
            found = [each for each in found if each[0] <= child.submitted]
        return max(found)[1] if found else None


def pin_state(number: int, state: str, user: str) -> DiaryJob:
    """Set the state of a job by hand; it stays until it is released. Raises UnknownDiaryJob, BadState."""
    if state not in STATES:
        raise BadState(f"The state must be one of {', '.join(STATES)}")
    return _set_state(number, state, user, user)


def release_state(number: int, user: str) -> DiaryJob:
    """Let a job have the state reported by its source again. Raises UnknownDiaryJob."""
    return _set_state(number, None, "", user)


def _set_state(number: int, state: str | None, pinned_by: str, user: str) -> DiaryJob:
    now = time.time()
    with proxy.atomic():
        lock(find_job(number).source)  # observations wait
        job = find_job(number)
        if state is None and not job.pinned_by:
            return job
        shown = job.machine_state if state is None else state
        values = {"state": shown, "pinned_by": pinned_by, "pinned": now if pinned_by else None, "changed": now}
        DiaryJob.update(values).where(DiaryJob.id == job.id).execute()
        field = "pinned state" if pinned_by else "released state"
        DiaryEvent.create(job=job.id, at=now, actor=f"user:{user}", field=field, old=job.state, new=shown)
        reindex([job.id])
        audit("pin state" if pinned_by else "release state", f"job {job.id}", "", f"{job.state} to {shown}", user=user)
    return find_job(number)
