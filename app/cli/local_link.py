"""`dqmhub local-link`: a link for a browser on this machine."""

from __future__ import annotations

from urllib.parse import urlencode

import click

from app import cli


@click.command()
@click.option("--page", default="/", show_default=True, help="Page to open, as a path below the hub.")
def local_link(page: str) -> None:
    """Print a link that opens the hub in a browser on this machine without an account; valid for ten minutes."""
    from app.cli.demo_start import hub_address
    from app.security import this_machine

    settings = cli.settings()
    this_machine.make_key(settings)
    query = urlencode({"token": this_machine.link_token(settings), "next": page})
    click.echo(f"{hub_address(settings)}account/this-machine?{query}")
