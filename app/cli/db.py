"""`dqmhub db`: make and change the tables."""

from __future__ import annotations

import click

from app import cli
from app.core import database


@click.group()
def db() -> None:
    """The database."""


@db.command()
def upgrade() -> None:
    """Bring the database to this version."""
    done = database.upgrade(database.connect(cli.settings()), click.echo)
    click.echo("applied " + ", ".join(done) if done else "the database is up to date")


@db.command()
def status() -> None:
    """Say whether the services can use the database; exit code 1 when not."""
    cli.open_database()
    click.echo("the database is up to date")
