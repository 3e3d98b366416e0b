"""`dqmhub layouts`: layouts and workspaces in files."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from app import cli
from app.cli.layouts_check import check_layouts

if TYPE_CHECKING:
    from app.gui.layouts.exchange.contents import Content
    from app.gui.layouts.importing.bulk_import import Imported

SCOPES = click.Choice(("online", "offline", "relval"))
FORMS = click.Choice(("json", "toml", "records", "workspaces", "upload"))
MAX_REASON = 500
MOST_NAMED = 20
"""Maximum number of layouts in the list of those that people have changed."""


def _short(_context: click.Context, _option: click.Parameter, reason: str | None) -> str | None:
    """The reason, if it is not too long for the history."""
    if reason is not None and len(reason) > MAX_REASON:
        raise click.BadParameter(f"Expected at most {MAX_REASON} characters, not {len(reason):,}")
    return reason


@click.group()
def layouts() -> None:
    """Layouts and workspaces: import, export, check."""


layouts.add_command(check_layouts)


@layouts.command("import")
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option(
    "--scope", "scopes", type=SCOPES, multiple=True, help="Scope of layouts that have none, as in uploads to the classic DQM GUI."
)
@click.option("--reason", callback=_short, help="Why, for the history; default: the names of the files.")
@click.option("--replace", is_flag=True, help="Also replace those that people have changed in pages since the last import.")
def import_layouts(files: tuple[Path, ...], scopes: tuple[str, ...], reason: str | None, replace: bool) -> None:
    """Import layouts and workspaces from FILES and show them.

    FILES are JSON or, with the suffix .toml, TOML, in one of the forms of docs/users/layout-files.md. If a part
    of a file is wrong, it is reported, everything else is imported, and the exit code is 1. Layouts that no file has stay.
    """
    from app.core.input_problems import shortened
    from app.gui.layouts.importing.bulk_import import import_all

    cli.open_database()
    contents, problems = _read(files, scopes)
    reason = reason or shortened(f"Import of {', '.join(file.name for file in files)}", MAX_REASON // 2)
    with click.progressbar(length=len(contents), label="importing", show_pos=True, file=sys.stderr) as bar:
        imported = import_all(contents, reason=reason, replace=replace, progress=lambda done: bar.update(done - bar.pos))
        bar.update(len(imported) - bar.pos)
    sys.exit(_report(imported, problems))


def _read(files: Sequence[Path], scopes: tuple[str, ...]) -> tuple[list[Content], int]:
    """The usable contents of files, and the number of problems; prints the problems."""
    from app.core.text import one_line
    from app.gui.layouts.exchange.files import read_path

    contents: list[Content] = []
    problems = 0
    for file in files:
        try:
            found = read_path(file, tuple(scope for scope in SCOPES.choices if scope in scopes))
        except OSError as error:
            click.echo(f"{file}: The file cannot be read: {error.strerror}", err=True)
            problems += 1
            continue
        contents += found.contents
        problems += found.problems.count
        for place, problem in found.problems.listed:
            click.echo(one_line(f"{file}: {place}: {problem}"), err=True)
        if more := found.problems.count - len(found.problems.listed):
            click.echo(f"{file}: {more:,} more problems", err=True)
    return contents, problems


def _report(imported: Sequence[Imported], problems: int) -> int:
    """Print what an import did; returns the exit code."""
    from app.core.text import counted, one_line
    from app.gui.layouts.importing.bulk_import import KEPT, OUTCOMES, REFUSED
    from app.gui.layouts.layout import Layout

    for each in imported:
        if each.outcome == REFUSED:
            click.echo(one_line(each.problem), err=True)
    kept = [each.content.path for each in imported if each.outcome == KEPT]
    for path in kept[:MOST_NAMED]:
        click.echo(
            one_line(f"{path}: not replaced, because people have changed it in pages; the version of the file is in its history"), err=True
        )
    if len(kept) > MOST_NAMED:
        click.echo(f"{len(kept) - MOST_NAMED:,} more not replaced", err=True)
    counts = Counter(each.outcome for each in imported)
    grids = sum(isinstance(each.content, Layout) for each in imported)
    click.echo(f"{counted(grids, 'layout')} and {counted(len(imported) - grids, 'workspace')}: ", nl=False)
    click.echo(", ".join(f"{counts[outcome]:,} {outcome}" for outcome in OUTCOMES) + f"; {counted(problems, 'problem')} in files")
    return 1 if problems or counts[REFUSED] else 0


@layouts.command("export")
@click.option("--output", "-o", type=click.Path(dir_okay=False, path_type=Path), help="File; default: standard output.")
@click.option("--scope", type=SCOPES, help="Only those of this scope.")
@click.option("--path", default="", help="Only the one at this path, or those below this folder.")
@click.option(
    "--format",
    "form",
    type=FORMS,
    default="json",
    show_default=True,
    help="dqm-layouts/2 as json or toml; records: dqm-layouts/1; workspaces: dqm-workspaces/1; upload: for the classic DQM GUI.",
)
def export_layouts(output: Path | None, scope: str | None, path: str, form: str) -> None:
    """Write the layouts and workspaces that are shown, without private ones, in the order of the files imported last."""
    from app.core.input_problems import InputProblems
    from app.core.text import one_line
    from app.gui.layouts.exchange.exports import export
    from app.gui.layouts.importing.current import current_contents

    cli.open_database()
    unreadable = InputProblems()
    path = path.strip("/")
    contents = current_contents(scope or "", path, unreadable)
    if path and not contents:
        raise click.ClickException(f"There is no layout or workspace{f' of {scope} samples' if scope else ''} at or below {path}")
    exported = export(form, contents)
    if output is None:
        click.echo(exported.text, nl=False)
    else:
        try:
            output.write_text(exported.text, encoding="utf-8", newline="")
        except OSError as error:
            raise click.ClickException(f"{output} cannot be written: {error.strerror}") from error
    for loss in exported.losses:
        click.echo(loss, err=True)
    for place, problem in unreadable.listed:
        click.echo(one_line(f"{place}: {problem}; this part cannot be read and is left out"), err=True)
    click.echo(f"Layouts and workspaces written: {exported.written:,}", err=True)
    sys.exit(1 if unreadable.count else 0)
