"""`dqmhub jobs`: list, retry and cancel background jobs."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

import click

from app import cli
from app.queue.states import STATES

if TYPE_CHECKING:
    from app.queue.models import BackgroundJob

FIELDS = (
    "id",
    "queue",
    "kind",
    "key",
    "state",
    "attempts",
    "owner",
    "progress",
    "note",
    "error",
    "created",
    "started",
    "finished",
    "request",
)


@click.group()
def jobs() -> None:
    """List, retry and cancel background jobs."""


@jobs.command()
@click.option("--state", type=click.Choice(STATES), help="Only jobs in this state.")
@click.option("--kind", help="Only jobs of this kind, e.g. import.")
@click.option("--limit", default=50, show_default=True, type=click.IntRange(1), help="Maximum number of jobs.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object per line; times are Unix seconds, UTC.")
def ls(state: str | None, kind: str | None, limit: int, as_json: bool) -> None:
    """List background jobs, newest first."""
    cli.open_database()
    from app.queue.models import BackgroundJob

    found = BackgroundJob.select().order_by(BackgroundJob.id.desc()).limit(limit)
    if state:
        found = found.where(BackgroundJob.state == state)
    if kind:
        found = found.where(BackgroundJob.kind == kind)
    for job in found:
        click.echo(json.dumps({name: getattr(job, name) for name in FIELDS}) if as_json else _line(job))


def _line(job: BackgroundJob) -> str:
    """A job for people: number, queue, state, time of the last change, kind, key, note and error."""
    changed = time.strftime("%Y-%m-%d %H:%M:%SZ", time.gmtime(job.finished or job.started or job.created))
    progress = "" if job.progress is None else f" {job.progress:.0%}"
    text = f"{job.id:>7} {job.queue} {job.state + progress:<13} {changed}  {job.kind} {job.key}"
    return text + "".join(f"  {part}" for part in (job.note, job.error) if part)


@jobs.command()
@click.argument("number", type=int)
def retry(number: int) -> None:
    """Queue the failed or cancelled job NUMBER again."""
    from app.queue.store import retry as retry_job

    _change(retry_job, number, "queued again")


@jobs.command()
@click.argument("number", type=int)
def cancel(number: int) -> None:
    """Cancel the job NUMBER; if it is running, its handler stops soon."""
    from app.queue.store import cancel as cancel_job

    _change(cancel_job, number, "cancelled; a running job stops soon")


def _change(change: Callable[[int], None], number: int, outcome: str) -> None:
    cli.open_database()
    from app.queue.models import JobStateError

    try:
        change(number)
    except JobStateError as error:
        raise click.ClickException(str(error)) from error
    click.echo(f"job {number}: {outcome}")
