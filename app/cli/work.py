"""`dqmhub work`: look at the work of the queues, cancel it, try it again."""

from __future__ import annotations

import json
import time
from collections.abc import Callable

import click

from app import cli
from app import queue as book

FIELDS = ("id", "queue", "kind", "key", "state", "attempts", "owner", "progress", "note", "error", "created", "started", "finished")


@click.group()
def work() -> None:
    """Work: imports and everything else that the queues carry."""


@work.command()
@click.option("--state", type=click.Choice(book.STATES), help="Only work in this state.")
@click.option("--kind", help="Only work of this kind, e.g. import.")
@click.option("--limit", default=50, show_default=True, type=click.IntRange(1), help="At most so many rows.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object on each line; times are Unix seconds UTC.")
def ls(state: str | None, kind: str | None, limit: int, as_json: bool) -> None:
    """List work, the newest first."""
    cli.open_database()
    rows = book.Work.select().order_by(book.Work.id.desc()).limit(limit)
    if state:
        rows = rows.where(book.Work.state == state)
    if kind:
        rows = rows.where(book.Work.kind == kind)
    for row in rows:
        click.echo(json.dumps({name: getattr(row, name) for name in FIELDS}) if as_json else _line(row))


def _line(row: book.Work) -> str:
    since = time.strftime("%Y-%m-%d %H:%M:%SZ", time.gmtime(row.finished or row.started or row.created))
    progress = "" if row.progress is None else f" {row.progress:.0%}"
    text = f"{row.id:>7} {row.queue} {row.state + progress:<13} {since}  {row.kind} {row.key}"
    return text + "".join(f"  {part}" for part in (row.note, row.error) if part)


@work.command()
@click.argument("number", type=int)
def retry(number: int) -> None:
    """Queue failed or cancelled work again."""
    _change(book.retry, number, "queued again")


@work.command()
@click.argument("number", type=int)
def cancel(number: int) -> None:
    """Cancel work: at once when it is queued, else when its handler next looks."""
    _change(book.cancel, number, "cancelled, or told to stop when it runs already")


def _change(change: Callable[[int], None], number: int, done: str) -> None:
    cli.open_database()
    try:
        change(number)
    except book.Refused as error:
        raise click.ClickException(str(error)) from error
    click.echo(f"work {number}: {done}")
