"""`dqmhub runs`: facts of runs from OMS and the Run Registry."""

from __future__ import annotations

import json

import click

from app import cli
from app.core.text import counted

NUMBER = click.IntRange(1, 2**31 - 1)


@click.group()
def runs() -> None:
    """Show facts of runs from OMS and the Run Registry, or have them fetched again."""


@runs.command("refresh")
@click.argument("first", type=NUMBER)
@click.argument("last", type=NUMBER, required=False)
def refresh(first: int, last: int | None) -> None:
    """Let facts of runs FIRST to LAST be fetched again now."""
    if last is not None and last < first:
        raise click.BadParameter(f"{last} is before {first}; right would be FIRST {last} and LAST {first}", param_hint="LAST")
    cli.open_database()
    from app.runs.store import make_due

    last = first if last is None else last
    count = make_due(first, last)
    if not count:
        raise click.ClickException(f"No registered file and no job of DQM^2 is of a run from {first} to {last}")
    click.echo(f"{counted(count, 'run')} will be fetched by `dqmhub live`")


@runs.command("show")
@click.argument("run", type=NUMBER)
def show(run: int) -> None:
    """Print the facts of RUN as JSON."""
    settings = cli.open_database()
    from app.runs.documents import facts_json
    from app.runs.settings import RunsSettings
    from app.runs.store import find_facts

    found = find_facts(run)
    if found is None:
        raise click.ClickException(f"Run {run} is not known: neither a registered file nor DQM^2 has it")
    click.echo(json.dumps(facts_json(found, settings.of(RunsSettings)), indent=2, ensure_ascii=False))
