"""`dqmhub quarantine`: the monitor elements that are not drawn any more because they bring render processes down."""

from __future__ import annotations

import json

import click

from app import cli


@click.group()
def quarantine() -> None:
    """Monitor elements that are not drawn any more because render processes were lost to them."""


@quarantine.command("ls")
@click.option("--json", "as_json", is_flag=True, help="Print a JSON list.")
def list_held(as_json: bool) -> None:
    """List them, the latest first."""
    cli.open_database()
    from app.gui.plots.quarantine import held

    found = held()
    if as_json:
        click.echo(json.dumps([me._asdict() for me in found], indent=2))
        return
    for me in found:
        where = f" in the plugin {me.plugin}" if me.plugin else ""
        click.echo(f"{me.id:>5} {me.crashes} lost processes, the last {me.reason}{where}: {me.me} in {me.url}")


@quarantine.command("release")
@click.argument("number", type=click.IntRange(1))
def release(number: int) -> None:
    """Have the monitor element NUMBER drawn again."""
    cli.open_database()
    from app.gui.plots import quarantine as room
    from app.web import Problem

    try:
        room.release(number)
    except Problem as problem:
        raise click.ClickException(f"{problem.message}; `dqmhub quarantine ls` lists them") from None
    click.echo(f"{number} is drawn again")
