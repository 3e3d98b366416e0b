"""`dqmhub diary`: jobs of all sources."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import click

from app import cli
from app.core.text import one_line
from app.diary.search.selection import FACETS, ORDERS

if TYPE_CHECKING:
    from app.core.settings import Settings
    from app.diary.models import DiaryJob


@click.group()
def diary() -> None:
    """List the jobs of the diary, and scan its sources."""


@diary.command("scan")
@click.argument("source")
@click.option("--json", "as_json", is_flag=True, help="Print a JSON object.")
def scan(source: str, as_json: bool) -> None:
    """Scan SOURCE once, now, and print what was found, changed and could not be used."""
    settings = cli.open_database()
    from app.diary.errors import DiaryError
    from app.diary.sources.registry import source_named
    from app.diary.sources.runner import failure_text, record_failure, scan_source

    try:
        found = source_named(source, settings)
    except DiaryError as error:
        raise click.ClickException(str(error)) from error
    try:
        report = scan_source(found, settings)
    except Exception as error:  # whatever a source raises
        record_failure(found, error)
        raise click.ClickException(f"The scan of {source} failed: {failure_text(error)}") from error
    if as_json:
        click.echo(json.dumps(report._asdict()))
        return
    words = f"{report.found} found, {report.changed} changed, {report.lost} lost, {report.quarantined} records quarantined"
    click.echo(f"{source}: {report.seen} observations in {report.duration_s:.2f} s: {words}")


def _narrowing(command: Callable[..., None]) -> Callable[..., None]:
    """Add an option for each field of a selection that has whole values."""
    for field in reversed(FACETS):
        command = click.option(f"--{field}", multiple=True, help=f"Only jobs with this {field}; several: either of them.")(command)
    return command


@diary.command("ls")
@click.argument("search", nargs=-1)
@_narrowing
@click.option("--obsolete", is_flag=True, help="Also jobs with the verdict obsolete.")
@click.option("--order", default="newest", show_default=True, help=f"One of {', '.join(ORDERS)}.")
@click.option("--limit", default=50, show_default=True, type=click.IntRange(1, 100_000), help="Maximum number of jobs.")
@click.option("--count", "only_count", is_flag=True, help="Print only the number of jobs.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object per line; times are Unix seconds, UTC.")
def ls(search: tuple[str, ...], limit: int, only_count: bool, as_json: bool, **selected: Any) -> None:
    """List the jobs that a SEARCH finds, as on the page of jobs; without one, all jobs.

    Words that begin with - stand after --, as in: dqmhub diary ls state:failed -- -pixel
    """
    settings = cli.open_database()
    from app.diary.documents import job_json
    from app.diary.errors import BadSearch
    from app.diary.search.find import count, find
    from app.diary.search.selection import selection_of

    try:
        selection = selection_of({**selected, "q": " ".join(search), "obsolete": "1" if selected["obsolete"] else ""})
        _check_sources(selection.source, settings)
        if only_count:
            click.echo(count(selection, ()))
            return
        found = find(selection, (), limit)
    except BadSearch as error:
        raise click.UsageError(str(error)) from error
    for job in found:
        click.echo(json.dumps(job_json(job), ensure_ascii=False) if as_json else _line(job))


@diary.command("quarantined")
@click.option("--source", default="", help="Only records of this source.")
@click.option("--limit", default=50, show_default=True, type=click.IntRange(1, 100_000), help="Maximum number of records.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object per line; times are Unix seconds, UTC.")
def quarantined(source: str, limit: int, as_json: bool) -> None:
    """List the kept records of sources that cannot be used, those that came last first."""
    settings = cli.open_database()
    from app.diary.observations.quarantine import quarantined_records

    found = quarantined_records(source, limit)
    if source and not found:
        _check_sources((source,), settings)
    for row in found:
        if as_json:
            names = "source", "text", "reason", "first", "at", "count"
            click.echo(json.dumps({name: getattr(row, name) for name in names}, ensure_ascii=False))
        else:
            at = time.strftime("%Y-%m-%d %H:%M:%SZ", time.gmtime(row.at))
            click.echo(f"{at}  {row.source}  {row.count} times: {one_line(row.reason)}: {one_line(row.text)}")


def _check_sources(names: tuple[str, ...], settings: Settings) -> None:
    """Name sources that there are not, in place of an empty list. Raises click.UsageError."""
    from app.diary.models import DiarySource
    from app.diary.sources.registry import configured_sources

    known = {source.name for source in configured_sources(settings).sources} | {row.name for row in DiarySource.select(DiarySource.name)}
    if unknown := [name for name in names if name not in known]:
        raise click.UsageError(f"There is no source {unknown[0]}; sources: {', '.join(sorted(known))}")


def _line(job: DiaryJob) -> str:
    """A job for people: number, state, submission, source, user, name and reason."""
    submitted = time.strftime("%Y-%m-%d %H:%M:%SZ", time.gmtime(job.submitted)) if job.submitted else "-"
    state = f"{job.state}*" if job.pinned_by else job.state
    text = f"{job.id:>7} {state:<10} {submitted:<20}  {job.source} {job.user or '-'} {one_line(job.name or job.native_id)}"
    return text + (f"  {one_line(job.reason)}" if job.reason else "")


@diary.command("import")
@click.argument("address")
@click.option("--source", default="cae-job-diary", show_default=True, help="Name of the source to which the imported jobs belong.")
@click.option("--json", "as_json", is_flag=True, help="Print a JSON object.")
def import_diary(address: str, source: str, as_json: bool) -> None:
    """Import the jobs of CAE Job Diary with their reviews.

    ADDRESS is sqlite:FILE, json:FILE (Django's dumpdata) or mysql://user:password@host:port/name, whose password may also be in
    the variable MYSQL_PWD. A second import changes what changed there, and nothing that was changed here.
    """
    settings = cli.open_database()
    from app.diary.errors import DiaryError
    from app.diary.importing.importer import import_jobs, old_diary
    from app.diary.settings import DiarySettings

    try:
        report = import_jobs(old_diary(address), source, time.time(), settings.of(DiarySettings).diary_quarantine_rows)
    except DiaryError as error:
        raise click.ClickException(str(error)) from error
    if as_json:
        click.echo(json.dumps(asdict(report)))
        return
    reviews = f"{report.reviewed:,} reviews changed, {report.kept:,} kept as they were changed here"
    click.echo(
        f"{report.jobs:,} jobs: {report.found:,} found, {report.changed:,} changed, {reviews}, {report.quarantined:,} records quarantined"
    )
