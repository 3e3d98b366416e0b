"""`dqmhub db`: upgrade and check the database."""

from __future__ import annotations

import click

from app import cli


@click.group()
def db() -> None:
    """Upgrade and check the database."""


@db.command()
def upgrade() -> None:
    """Upgrade the tables to this version of DQM Hub."""
    from app.core import database, database_schema
    from app.ops.backup import backup_folder
    from app.ops.owner import acting_as_owner, make_data_folder

    settings = cli.settings()
    make_data_folder(settings.data, backup_folder(settings))
    with acting_as_owner(settings.data):
        applied = database_schema.upgrade(database.connect(settings), click.echo)
    click.echo("applied " + ", ".join(applied) if applied else "the database is up to date")


@db.command()
def status() -> None:
    """Check whether the services can use the database; exit code 1 if not."""
    cli.open_database()
    click.echo("the database is up to date")
