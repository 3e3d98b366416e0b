"""`dqmhub backup`: make, list and verify backups."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager

import click

from app import cli
from app.core.settings import Settings


@contextmanager
def as_owner(settings: Settings) -> Iterator[None]:
    """Act as the user of the services, and report what cannot be backed up or restored in one line."""
    from app.ops.backup import BackupError
    from app.ops.owner import acting_as_owner

    try:
        with acting_as_owner(settings.data):
            yield
    except BackupError as error:
        raise click.ClickException(str(error)) from error


@click.group(invoke_without_command=True)
@click.pass_context
def backup(context: click.Context) -> None:
    """Back up database and keys while the services run; `ls` and `verify` show and check backups, `acknowledge` ends the warning of lost rows."""
    if context.invoked_subcommand is None:
        _make()


def _make() -> None:
    from app.core import database
    from app.ops.backup import backup_folder, make_backup
    from app.ops.backup.losses import row_losses

    settings = cli.settings()
    os.nice(10)  # the services go first
    with as_owner(settings):
        database.refuse_missing(settings)
        database.connect(settings)
        made = make_backup(settings, backup_folder(settings), lambda line: click.echo(line, err=True))
        losses = row_losses(made.folder.parent)
    click.echo(f"{made.folder} ({made.size / 1e6:,.1f} MB, {sum(made.counts.values()):,} rows)")
    for loss in losses:
        click.echo(f"Warning: {loss}. {loss.remedy}", err=True)


@backup.command()
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object per line; times are Unix seconds, UTC.")
def ls(as_json: bool) -> None:
    """List the backups, newest first."""
    from app.ops.backup import backup_folder, backups
    from app.ops.backup.folder import no_backup, unreadable_backups

    settings = cli.settings()
    with as_owner(settings):
        folder = backup_folder(settings)
        found, messages = backups(folder), unreadable_backups(folder)
    for message in messages if found else [*messages, no_backup(folder)]:
        click.echo(message, err=True)
    for each in found:
        values = {"name": each.name, "made": each.made, "version": each.version, "size": each.size, "rows": sum(each.counts.values())}
        made = time.strftime("%Y-%m-%d %H:%M:%SZ", time.gmtime(each.made))
        click.echo(
            json.dumps(values)
            if as_json
            else f"{each.name}  {made}  version {each.version}  {each.size / 1e6:,.1f} MB  {values['rows']:,} rows"
        )


@backup.command("verify")
@click.argument("name", default="")
def verify_backup(name: str) -> None:
    """Verify the backup NAME, by default the newest: SHA-256 of all files, integrity and rows of the database."""
    from app.ops.backup import backup_folder, find_backup
    from app.ops.backup.verifying import verify_for_use

    settings = cli.settings()
    with as_owner(settings):
        found = find_backup(backup_folder(settings), name)
        verify_for_use(found)
    click.echo(f"{found.name}: OK ({sum(found.counts.values()):,} rows in {len(found.counts)} tables)")


@backup.command("acknowledge")
@click.argument("name", default="")
def acknowledge_loss(name: str) -> None:
    """Acknowledge that the backup NAME has lost rows, by default the only one that has; the one before is no longer kept for that."""
    from app.ops.backup import backup_folder
    from app.ops.backup.losses import acknowledge, find_loss

    settings = cli.settings()
    with as_owner(settings):
        loss = find_loss(backup_folder(settings), name)
        acknowledge(loss)
    click.echo(f"acknowledged: {loss}")


@click.command()
@click.argument("name", default="")
def restore(name: str) -> None:
    """Replace database and keys by those of the backup NAME, by default the newest; all services must be stopped.

    While a backup has lost rows, and nobody has acknowledged that, NAME is required.
    """
    from app.ops import backup as backups
    from app.ops.backup.losses import refuse_newest
    from app.ops.owner import make_data_folder

    settings = cli.settings()
    with as_owner(settings):
        found = backups.find_backup(backups.backup_folder(settings), name)
        if not name:
            refuse_newest(found)
    make_data_folder(settings.data, found.folder)
    with as_owner(settings):
        restored = backups.restore(settings, found, lambda line: click.echo(line, err=True))
    click.echo(f"restored {found.name} ({sum(found.counts.values()):,} rows)")
    if restored.aside:
        click.echo(f"what was replaced is kept in {restored.aside}; remove it when it is not needed")
    if restored.is_older:
        click.echo("the database is older than this version: run `dqmhub db upgrade`")
