"""`dqmhub wall`: walls from and to files."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from app import cli
from app.core.text import json_problem


@click.group()
def wall() -> None:
    """Walls: import, export, delete."""


@wall.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
def import_walls(file: Path) -> None:
    """Store the walls of FILE; those that have the same name are replaced, others stay.

    FILE is JSON or, with the suffix .toml, TOML, in the form of docs/operators/wall.md. A wrong wall is reported, the others
    are stored, and the exit code is 1.
    """
    from app.wall.errors import InvalidWall
    from app.wall.exchange import read_walls
    from app.wall.store import save_wall

    cli.open_database()
    try:
        found, problems = read_walls(file.read_text(encoding="utf-8-sig"), toml=file.suffix == ".toml")
    except OSError as error:
        raise click.ClickException(f"{file} cannot be read: {error.strerror}") from None
    except UnicodeDecodeError as error:
        raise click.ClickException(f"{file} cannot be read: {json_problem(error)}") from None
    except InvalidWall as error:
        raise click.ClickException(f"{file}: {error}") from None
    changed = sum(map(save_wall, found))
    for place, problem in problems:
        click.echo(f"{file}: {place}: {problem}", err=True)
    click.echo(f"{changed} walls stored, {len(found) - changed} unchanged")
    sys.exit(1 if problems else 0)


@wall.command("export")
@click.argument("names", nargs=-1, metavar="[NAME]...")
@click.option("--format", "form", type=click.Choice(("toml", "json")), default="toml", show_default=True, help="Form of the file.")
def export_walls(names: tuple[str, ...], form: str) -> None:
    """Print walls, all without a NAME, in the form that `import` reads."""
    from app.wall.errors import WallError
    from app.wall.exchange import json_text, toml_text
    from app.wall.store import find_wall, walls

    cli.open_database()
    try:
        found = [find_wall(name).definition for name in names] or [wall.definition for wall in walls()]
    except WallError as error:
        raise click.ClickException(str(error)) from None
    click.echo((toml_text if form == "toml" else json_text)(found))


@wall.command("delete")
@click.argument("name")
def delete(name: str) -> None:
    """Delete the wall NAME."""
    from app.wall.errors import WallError
    from app.wall.store import delete_wall

    cli.open_database()
    try:
        delete_wall(name)
    except WallError as error:
        raise click.ClickException(str(error)) from None
