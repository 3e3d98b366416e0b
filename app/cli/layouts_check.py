"""`dqmhub layouts check`: finds problems of layouts and workspaces, in the database or in files."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING

import click

from app import cli

if TYPE_CHECKING:
    from app.core.settings import Settings
    from app.gui.layouts.checking.check import CheckedContent, FindUnknown
    from app.gui.layouts.checking.findings import CheckFinding

WAIT_S = 600.0
"""Longest wait for a file that must be read for its names."""


class NotChecked(click.ClickException):
    """The check itself is impossible; its exit code differs from that of a check that found something."""

    exit_code = 2


@click.command("check")
@click.argument("files", nargs=-1, type=click.Path(exists=True, path_type=Path))
@click.option("--sample", metavar="RUN/DATASET", help="Compare with the names of this sample, as 366727/ZeroBias/Run2023C-v1/DQMIO.")
@click.option("--dqm-file", type=click.Path(exists=True, dir_okay=False, path_type=Path), help="Compare with the names of a DQM file.")
@click.option("--without-names", is_flag=True, help="Compare no names of plots.")
@click.option(
    "--scope",
    "scopes",
    type=click.Choice(("online", "offline", "relval")),
    multiple=True,
    help="Scope of layouts of FILES that have none, as in uploads to the classic DQM GUI.",
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON, as docs/operators/layouts.md describes it.")
def check_layouts(
    files: tuple[Path, ...], sample: str | None, dqm_file: Path | None, without_names: bool, scopes: tuple[str, ...], as_json: bool
) -> None:
    """Check the layouts and workspaces that are shown, or those of FILES, which need not be imported.

    FILES are JSON and TOML files, and folders of them. The check finds plots that no sample has (with the nearest names), duplicates,
    layouts that no workspace shows, unknown entries of quick collections, and wrong drawing options. With FILES and --dqm-file or
    --without-names it needs no database.

    The exit code is 0 without problems, 1 with problems, and 2 if the check is impossible, for example without files or names.
    """
    from app.gui.layouts.checking.active import all_active
    from app.gui.layouts.checking.check import CheckedContent, check_contents
    from app.gui.layouts.checking.report import document, lines

    if sum((sample is not None, dqm_file is not None, without_names)) > 1:
        raise click.UsageError("--sample, --dqm-file and --without-names exclude each other")
    settings = None if files and (dqm_file or without_names) else _open_database()
    invalid: list[CheckFinding] = []
    checked = _read(files, scopes, invalid) if files else [CheckedContent(content) for content in all_active(invalid)]
    others = all_active() if files and settings else ()
    report = check_contents(checked, _names(settings, sample, dqm_file, without_names), others, are_all=not invalid)
    report = report._replace(findings=[*invalid, *report.findings])
    if as_json:
        click.echo(json.dumps(document(report), indent=1))
    else:
        for line in lines(report):
            click.echo(line)
    if checked and not (report.compared or without_names):
        raise NotChecked("Names of plots were not compared: no list of names is stored. Use --without-names to check everything else")
    sys.exit(1 if report.findings else 0)


def _open_database() -> Settings:
    try:
        return cli.open_database()
    except Exception as error:
        message = cli.message_of(error)
        if message is None:
            raise
        raise NotChecked(f"{message}; to check files without a database, use --dqm-file or --without-names") from error


def _names(settings: Settings | None, sample: str | None, dqm_file: Path | None, without_names: bool) -> FindUnknown:
    """The names with which plots are compared."""
    from app.gui.layouts.checking.check import in_all_samples, in_sample
    from app.gui.layouts.checking.names import unknown_in_lists

    if dqm_file:
        return lambda paths: unknown_in_lists(paths, _names_in(dqm_file), dqm_file.name)
    if without_names or settings is None:
        return lambda paths: unknown_in_lists(paths, [], "")
    if sample is None:
        return in_all_samples()
    from app.gui.catalog.catalog import Catalog
    from app.gui.errors import GuiError
    from app.gui.references import Reference
    from app.gui.samples import SampleKey

    named = Reference.parse(sample.encode(errors="surrogateescape"))
    if named is None or named.run is None or not named.dataset or named.path:
        raise click.BadParameter("Expected RUN/PRIMARY/PROCESSED/TIER, as 366727/ZeroBias/Run2023C-v1/DQMIO", param_hint="--sample")
    try:
        return in_sample(Catalog(settings).open(SampleKey(named.run, named.lumi, named.dataset), WAIT_S))
    except GuiError as error:
        raise NotChecked(error.message) from error


def _names_in(dqm_file: Path) -> Iterator[list[bytes]]:
    from app.formats import FormatError, scan
    from app.formats.detection import detect_format

    try:
        for listing in scan(dqm_file, detect_format(dqm_file) or "tdirectory").samples.values():
            yield listing.names.pack().split(b"\0")
    except (FormatError, OSError) as error:
        raise NotChecked(f"{dqm_file} cannot be read: {error}") from error


def _read(files: Iterable[Path], scopes: Sequence[str], invalid: list[CheckFinding]) -> list[CheckedContent]:
    """The layouts and workspaces of files and folders; `invalid` gets those that cannot be read."""
    from app.gui.layouts.checking.check import CheckedContent
    from app.gui.layouts.checking.findings import INVALID, CheckFinding
    from app.gui.layouts.exchange.files import WHOLE_FILE, read_path
    from app.gui.layouts.watched.files import layout_files

    unreadable: list[OSError] = []
    checked = []
    found_files = {file: layout_files(file, unreadable.append) if file.is_dir() else [file] for file in files}
    if empty := next((file for file, found in found_files.items() if not (found or unreadable)), None):
        raise NotChecked(f"{empty} has no file that ends in .json or .toml; hidden files and links to folders are ignored")
    for path in chain.from_iterable(found_files.values()):
        try:
            found = read_path(path, tuple(scopes))
        except OSError as error:
            unreadable.append(error)
            continue
        checked += [CheckedContent(content, str(path)) for content in found.contents]
        for place, problem in found.problems.listed:
            invalid.append(CheckFinding(INVALID, "", (), "" if place == WHOLE_FILE else place, "", problem, file=str(path)))
        if more := found.problems.count - len(found.problems.listed):
            invalid.append(CheckFinding(INVALID, "", (), "", "", f"{more:,} more problems", file=str(path)))
    invalid += [
        CheckFinding(INVALID, "", (), "", "", f"It cannot be read: {each.strerror}", file=str(each.filename)) for each in unreadable
    ]
    return checked
