"""`dqmhub local-link`: a link for a browser on this machine."""

from __future__ import annotations

from urllib.parse import urlencode

import click

from app import cli
from app.core.settings import Settings
from app.security.settings import SecuritySettings


@click.command()
@click.option("--page", default="/", show_default=True, help="Page to open, as a path below the hub.")
@click.option("--end", is_flag=True, help="Print no link: end the sessions of all browsers that have opened one.")
def local_link(page: str, end: bool) -> None:
    """Print a link that opens the hub in a browser on this machine without an account: once, within ten minutes."""
    from app.security import local_browsers

    settings = cli.open_database()
    if settings.of(SecuritySettings).anonymous_read == "nobody" and not end:
        raise click.ClickException(
            'A link would open nothing: anonymous_read is "nobody", so reading takes an account; "local" allows links'
        )
    click.echo(f"{local_browsers.end_all()} sessions ended" if end else link(settings, page))


def link(settings: Settings, page: str) -> str:
    """A new link to a page of the hub of these settings. Its database must be open."""
    from app.security import local_browsers

    return f"{cli.hub_address(settings)}account/this-machine?{urlencode({'token': local_browsers.new_link(), 'next': page})}"
