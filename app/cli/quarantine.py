"""`dqmhub quarantine`: monitor elements that are not drawn because they crashed the render service."""

from __future__ import annotations

import json

import click

from app import cli


@click.group()
def quarantine() -> None:
    """List and release quarantined monitor elements."""


@quarantine.command("ls")
@click.option("--json", "as_json", is_flag=True, help="Print a JSON list.")
def list_quarantined(as_json: bool) -> None:
    """List the quarantined monitor elements, the latest crash first."""
    cli.open_database()
    from app.gui.plots.quarantine import quarantined

    found = quarantined()
    if as_json:
        click.echo(json.dumps([me._asdict() for me in found], indent=2))
        return
    for me in found:
        where = f" in the plugin {me.plugin}" if me.plugin else ""
        click.echo(f"{me.id:>5} {me.crashes} crashes, last: {me.reason}{where}: {me.me} in {me.url}")


@quarantine.command("release")
@click.argument("number", type=click.IntRange(1))
def release(number: int) -> None:
    """Release NUMBER from quarantine."""
    cli.open_database()
    from app.gui.errors import NotInQuarantine
    from app.gui.plots.quarantine import release as release_element

    try:
        release_element(number)
    except NotInQuarantine as error:
        raise click.ClickException(f"{error.message}; `dqmhub quarantine ls` lists all") from None
    click.echo(f"Released {number}")
