"""The own jobs of this hub: imports, extractions and requested trends, from the rows of its queue."""

from __future__ import annotations

import re
import time
from collections.abc import Mapping
from typing import Any

from peewee import fn

from app.core.database import rows
from app.core.settings import Settings
from app.diary import states
from app.diary.observations.observation import Observation
from app.diary.settings import DiarySettings
from app.diary.sources.source import JobScan, JobSource, PeriodOption, SourceKind, observed, read_options
from app.gui.files.register import IMPORT
from app.gui.models import Dataset, File, Sample
from app.queue.models import BackgroundJob
from app.queue.states import CANCELLED, DONE, FAILED, QUEUED, RUNNING

KINDS = {IMPORT: "import", "extract-trends": "extraction", "compute-requested-trend": "requested trend"}
"""Kinds of jobs of the queue, and how the diary calls them. Those of trends are named here, as no area imports one beside it."""

STATES = {QUEUED: states.PENDING, RUNNING: states.RUNNING, DONE: states.DONE, FAILED: states.FAILED, CANCELLED: states.CANCELLED}
AT_ONCE = 2000
"""Rows read in one query."""
OVERLAP_S = 60.0
"""Changes are read again for so long, since clocks differ and a row becomes visible after its time."""

_SAMPLE = re.compile(r"([0-9]{1,19})(/.+)")
_NUMBER = re.compile(r"[0-9]{1,9}")


class OwnJobs(JobSource):
    """The rows of the queue, new ones first; then those that changed since the last scan.

    The cursor has `id`, the last new row; `since`, from when on changes are read; and, while those are more than fit into
    one scan, `after`, the last changed row that was read, with `until`, when their reading began.
    """

    title = "Own jobs of this hub"

    def scan(self, cursor: Mapping[str, Any]) -> JobScan:
        """The new and the changed rows; rows are removed only after their end, so none is missed."""
        last, since, after, now = cursor.get("id", 0), cursor.get("since", 0.0), cursor.get("after", 0), time.time()
        job = BackgroundJob
        wanted = job.select().where(job.kind.in_(list(KINDS))).order_by(job.id).limit(AT_ONCE)
        new = list(wanted.where(job.id > last))
        has_changed = (job.lease_until >= since) | (job.finished >= since)  # each claim, renewal and pause moves the lease
        changed = list(wanted.where(job.id > after, job.id <= last, has_changed)) if last else []
        until = cursor.get("until") or now
        following: dict[str, Any] = {"id": new[-1].id if new else last, "since": since, "after": 0}
        if len(changed) == AT_ONCE:
            following |= {"after": changed[-1].id, "until": until}
        else:
            following["since"] = until - OVERLAP_S
        found = [*changed, *new]
        files = _files({number for job in found if (number := _file_of(job))})
        observations, quarantined = observed(found, lambda job: _observation(job, files, now))
        return JobScan(observations, following, quarantined=quarantined)


def _file_of(job: BackgroundJob) -> int | None:
    """The number of the file that an import reads; None of other jobs."""
    return int(job.key) if job.kind == IMPORT and _NUMBER.fullmatch(job.key) else None


def _files(numbers: set[int]) -> dict[int, tuple[str, dict[str, str]]]:
    """Address of each file, and its run and dataset if it has one alone."""
    found: dict[int, tuple[str, dict[str, str]]] = {}
    for number, url in rows(File.select(File.id, File.url).where(File.id.in_(list(numbers)))):
        found[number] = url, {}
    runs = fn.MIN(Sample.run), fn.MAX(Sample.run), fn.MIN(Dataset.name), fn.MAX(Dataset.name)
    query = Sample.select(Sample.file, *runs).join(Dataset).where(Sample.file.in_(list(numbers))).group_by(Sample.file)
    for number, first, last, dataset, other in rows(query):
        labels = {"run": str(first)} if first == last else {}
        found[number][1].update(labels | ({"dataset": dataset} if dataset == other else {}))
    return found


def _observation(job: BackgroundJob, files: Mapping[int, tuple[str, dict[str, str]]], now: float) -> Observation:
    name, labels = job.key, dict[str, str]()
    if number := _file_of(job):
        name, labels = files.get(number, (f"file {job.key}, which is registered no more", {}))
    elif sample := _SAMPLE.fullmatch(job.key):
        name, labels = f"run {sample[1]} of {sample[2]}", {"run": sample[1], "dataset": sample[2]}
    return Observation(
        native_id=str(job.id),
        seen=now,
        state=STATES.get(job.state, states.UNKNOWN),
        submitted=job.created,
        kind=KINDS[job.kind],
        name=name,
        reason=job.error,
        attempts=job.attempts,
        started=job.started,
        ended=job.finished,
        labels=labels | {"queue": job.queue},
        metrics={} if job.progress is None else {"progress": job.progress},
        facts={"kind": job.kind, "key": job.key, "state": job.state, "note": job.note, "owner": job.owner},
    )


def _make(name: str, options: Mapping[str, Any], settings: Settings) -> JobSource:
    return OwnJobs(name, read_options(PeriodOption, options).period_s or settings.of(DiarySettings).diary_own_period_s)


KIND = SourceKind("own-jobs", _make, is_default=True)
