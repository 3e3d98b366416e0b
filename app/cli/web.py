"""`dqmhub web`: the web server."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import click

from app import cli

if TYPE_CHECKING:
    from flask import Flask

    from app.core.settings import Settings


@click.command()
def web() -> None:
    """Run the web server."""
    from app.core.server import WebServer
    from app.core.settings.secret_key import load_secret_key

    server = WebServer(cli.open_for_service(load_secret_key), _create_app)
    try:
        server.check_address()
    except OSError as error:
        raise click.ClickException(
            f"Cannot listen on {server.address}: {os.strerror(error.errno or 0)}; see the settings web_host and web_port"
        ) from error
    server.run()


def _create_app(settings: Settings) -> Flask:
    """The application of a worker process. Accounts of an earlier demo end here, and not in a web server that cannot start."""
    from app import create_app
    from app.core import database
    from app.security import demo_accounts

    app = create_app(settings)
    demo_accounts.disable_unless_demo(settings)
    database.disconnect()  # the threads of requests have their own
    return app
