"""`dqmhub trends groups`: display groups of trends, from and to files in the form of HDQM."""

from __future__ import annotations

from pathlib import Path

import click

from app import cli
from app.core.text import json_problem


@click.group()
def groups() -> None:
    """Display groups: charts of several trends."""


@groups.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
def import_file(file: Path) -> None:
    """Store the groups of FILE, whole or not at all.

    FILE is a JSON list in the form of HDQM. Groups with the same subsystem and name are replaced, others stay.
    """
    from app.trends.errors import TrendError
    from app.trends.groups.errors import UnreadableGroups
    from app.trends.groups.exchange import import_groups

    cli.open_database()
    try:
        counts = import_groups(file.read_text(encoding="utf-8-sig"))
    except UnicodeDecodeError as error:
        raise click.ClickException(f"{file} cannot be read: {json_problem(error)}") from None
    except OSError as error:
        raise click.ClickException(f"{file} cannot be read: {error.strerror}") from None
    except UnreadableGroups as error:
        raise click.ClickException("No group was stored\n" + "\n".join(error.problems)) from None
    except TrendError as error:
        raise click.ClickException(f"No group was stored: {error}") from None
    click.echo(f"{counts.added:,} groups added, {counts.changed:,} changed, {counts.unchanged:,} unchanged")


@groups.command("export")
@click.option("--subsystem", default="", help="Groups of this subsystem alone.")
def export_all(subsystem: str) -> None:
    """Print the groups as JSON, in the form that `import` reads."""
    from app.trends.groups.exchange import export_groups

    cli.open_database()
    click.echo(export_groups(subsystem))
