"""Published pages of the timeline, one for each block of run numbers."""

from __future__ import annotations

import time
from collections import defaultdict
from itertools import groupby
from typing import NamedTuple

from app.publish.rendering import HTML, RenderContext, RenderResult
from app.square import runs
from app.square.clients import earlier_attempts
from app.square.models import Job, Run
from app.square.published.fields import PublicJob, PublicRun, public_run
from app.square.published.fragments import fragment
from app.square.published.plan import BLOCK
from app.square.published.run_pages import next_stuck
from app.square.states import URGENCY, state_of


class ClientCell(NamedTuple):
    """The jobs of a client in a run."""

    state: str  # the worst of those without a newer attempt
    events: str  # of the newest, abbreviated
    jobs: int
    title: str  # one line for each job


class RunRow(NamedTuple):
    """A row of the timeline."""

    run: PublicRun
    cells: dict[str, ClientCell]  # by the name of the client


def timeline_page(context: RenderContext) -> RenderResult:
    """The runs of a block of run numbers."""
    system, first = context.key.system, context.key.run
    numbers = [number for number in context.planned.runs("run", system) if first <= number < first + BLOCK]
    jobs = list(Job.select().where(Job.system == system, Job.run.in_(numbers)).order_by(Job.run, Job.started.desc(), Job.id))
    earlier = {context.sanitizer.identifier(key) for key in earlier_attempts(jobs)}
    by_run = {number: list(same) for number, same in groupby(jobs, key=lambda job: job.run)}
    rows = []
    for row in Run.select().where(Run.system == system, Run.run.in_(numbers)).order_by(Run.run.desc()):
        run, by_name = public_run(row, by_run.get(row.run, []), context.sanitizer), defaultdict(list)
        for job in run.clients:
            by_name[job.name].append(job)
        rows.append(RunRow(run, {name: _cell(same, earlier) for name, same in by_name.items()}))
    names = sorted({name for row in rows for name in row.cells}, key=str.casefold)
    page = context.item("timeline", "page", HTML, fragment("timeline", system=system, rows=rows, names=names))
    return RenderResult([page], next_stuck(jobs))


def _cell(jobs: list[PublicJob], earlier: set[str]) -> ClientCell:
    """The jobs of a client, newest first, in one cell. earlier: identifiers of attempts that a newer one replaced."""
    now = time.time()
    states = [state_of(job.exit_code, now - job.reported, job.is_stopped) for job in jobs]
    lines = [runs.job_summary(job, state) for job, state in zip(jobs, states, strict=True)]
    newest = [state for job, state in zip(jobs, states, strict=True) if job.identifier not in earlier]
    return ClientCell(min(newest, key=URGENCY.__getitem__), runs.short_count(jobs[0].events), len(jobs), "\n".join(lines))
