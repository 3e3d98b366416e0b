"""`dqmhub register`: register DQM files."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

import click

from app import cli
from app.core.settings import Settings
from app.formats import FORMATS

if TYPE_CHECKING:
    from app.gui.files.entries import Entry
    from app.gui.files.naming import Overrides
    from app.gui.files.register import Registered

NO_SAMPLE = (
    "Cannot determine the sample from name and content: it is no DQM file, or its name has no run and dataset; "
    "for a DQM file use --dataset, --run, --format"
)
"""Why a file without a sample cannot be registered."""


@click.command()
@click.argument("paths", nargs=-1)
@click.option("--dataset", default="", help="Dataset of these files, /primary/processed/tier; default: from their names.")
@click.option("--run", type=click.IntRange(0, 2**31 - 1), help="Run of these files; default: from their names; 0: the ongoing run.")
@click.option("--format", type=click.Choice(list(FORMATS)), help="Format of these files; default: from their content.")
@click.option(
    "--list",
    "listing",
    type=click.File(errors="replace"),
    help="Output of dasgoclient (file run lumi), text or JSON; -: standard input.",
)
@click.option("--redirector", default="root://cms-xrd-global.cern.ch/", show_default=True, help="Server that finds the files of --list.")
def register(paths: tuple[str, ...], dataset: str, run: int | None, format: str | None, listing: TextIO | None, redirector: str) -> None:
    """Register DQM files.

    PATHS are files, URLs root://host//path, or folders, whose .root and .pb files are registered. The name or content of a file,
    or the options, determine its sample.

    \b
    DQM_V0001_R000316142__PD__Era__DQMIO.root  run 316142 of /PD/Era/DQMIO
    PD__Era__DQMIO_run316142.root              the same
    run316142_DQMLive_concat.pb                run 316142 of /Global/Online/ALL

    With --list, register the lumisections that dasgoclient found:

    \b
    dasgoclient -query 'file run lumi dataset=/PD/Era/DQMIO' | dqmhub register --list -
    """
    from app.gui.files.entries import dataset_problem
    from app.gui.files.naming import Overrides

    if bool(paths) == bool(listing) or (listing and run is not None):
        raise click.UsageError("Expected files and folders, or --list without --run")
    if dataset and (problem := dataset_problem(dataset)):
        raise click.BadParameter(problem, param_hint="--dataset")
    settings = cli.open_database()
    if listing:
        entries, problems = _listed_entries(listing, redirector, Overrides(dataset, None, format or ""), settings)
    else:
        entries, problems = file_entries(paths, settings, Overrides(dataset, run, format or ""))
    registered = store_entries(last_of_each_sample(entries, problems))
    for line in problems:
        click.echo(line, err=True)
    click.echo(f"{registered}, {len(problems)} skipped")
    sys.exit(1 if problems and not entries else 0)


def _listed_entries(listing: TextIO, redirector: str, overrides: Overrides, settings: Settings) -> tuple[list[Entry], list[str]]:
    """Entries for the rows of dasgoclient, and the problems of rows that cannot be used."""
    from app.gui.files.daslist import das_entries

    format = overrides.format or next(name for name in FORMATS.by_number().values() if FORMATS[name].has_lumisections)
    try:
        return das_entries(listing.read(), redirector, overrides.dataset, format, settings)
    except ValueError as error:
        raise click.ClickException(str(error)) from error


def file_entries(paths: Sequence[str], settings: Settings, overrides: Overrides) -> tuple[list[Entry], list[str]]:
    """Entries for files, and the problems of files that cannot be registered; a folder with nothing else is one problem."""
    from app.gui.files.entries import AllowedRoots
    from app.gui.files.naming import entry_from_path

    problems: list[str] = []
    refused: dict[str, list[str]] = {path: [] for path in paths}
    entries = []
    useful = set()
    roots = AllowedRoots(settings)
    with click.progressbar(_files(refused, problems), label="checking", show_pos=True, file=sys.stderr) as files:
        for path, file in files:
            if problem := roots.problem(file):
                refused[path].append(f"{file}: {problem}")
            elif entry := entry_from_path(file, roots, overrides):
                entries.append(entry)
                useful.add(path)
            else:
                refused[path].append(f"{file}: {NO_SAMPLE}")
    for path, lines in refused.items():
        is_useless_folder = path not in useful and os.path.isdir(path)
        problems += [_useless_folder(path, lines)] if is_useless_folder else lines
    return entries, problems


def _useless_folder(folder: str, problems: Sequence[str]) -> str:
    """The problem of a folder without a file that can be registered."""
    kinds = " or ".join(sorted(FORMATS.suffixes()))
    if not problems:
        return f"{folder}: Nothing to register: no file in this folder or its subfolders ends with {kinds}"
    return f"{folder}: Nothing to register: {len(problems)} files end with {kinds}, but none can be used; the first: {problems[0]}"


def last_of_each_sample(entries: Sequence[Entry], problems: list[str]) -> list[Entry]:
    """The last of several files of one sample, as of several versions of a file; each other one is a problem."""
    last = {(entry.dataset, entry.run, entry.lumi): entry for entry in entries}
    for entry in entries:
        used = last[entry.dataset, entry.run, entry.lumi]
        if used != entry:
            problems.append(f"{entry.url}: Not registered, because {used.url} is of the same sample")
    return list(last.values())


def store_entries(entries: Sequence[Entry]) -> Registered:
    """Register entries in short transactions, with a progress bar."""
    from app.core.short_writes import short_transactions
    from app.gui.files import register as registering
    from app.security.audit_log import audit

    def store(batch: Sequence[Entry]) -> Registered:
        done = registering.register(batch)
        if done.new or done.replaced:
            audit("register", registering.summary(batch), answer=str(done))
        return done

    total = registering.NOTHING_REGISTERED
    with click.progressbar(length=len(entries), label="registering", show_pos=True, file=sys.stderr) as bar:
        for done in short_transactions(sorted(entries), store):  # by sample: those are close in the database
            total = total.plus(done)
            bar.update(sum(done))
    return total


def _files(paths: Iterable[str], problems: list[str]) -> Iterator[tuple[str, str]]:
    """Files, each with the argument that it is from: absolute paths, those of all .root and .pb files below folders, and remote URLs."""
    suffixes = FORMATS.suffixes()
    for argument in paths:
        path = Path(argument).absolute()
        if "://" in argument:
            yield argument, argument
        elif path.is_dir():
            for folder, subfolders, names in os.walk(path, onerror=lambda error: problems.append(str(error))):
                subfolders.sort()
                yield from ((argument, f"{folder}/{name}") for name in sorted(names) if name.endswith(suffixes))
        elif path.exists():
            yield argument, str(path)
        else:
            problems.append(f"{path}: No such file or folder")
