"""`dqmhub web`: the web server."""

from __future__ import annotations

import os

import click

from app import cli


@click.command()
def web() -> None:
    """Run the web server."""
    from app import create_app
    from app.core.server import WebServer
    from app.security import demo_accounts

    settings = cli.open_for_service(demo_accounts.disable_unless_demo)
    server = WebServer(settings, create_app)
    try:
        server.check_address()
    except OSError as error:
        raise click.ClickException(
            f"Cannot listen on {server.address}: {os.strerror(error.errno or 0)}; see the settings web_host and web_port"
        ) from error
    server.run()
