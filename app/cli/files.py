"""`dqmhub register`: make DQM files known."""

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
    from app.gui.files.naming import Told
    from app.gui.files.register import Entry, Registered


@click.command()
@click.argument("paths", nargs=-1)
@click.option("--dataset", default="", help="Dataset of these files, /primary/processed/tier, where their names do not tell it.")
@click.option(
    "--run", type=click.IntRange(0, 2**31 - 1), help="Run of these files, where their names do not tell it; 0: the run that goes on."
)
@click.option("--format", type=click.Choice(list(FORMATS)), help="Format, where it cannot be recognised.")
@click.option(
    "--list", "listing", type=click.File(errors="replace"), help="Rows of dasgoclient (file run lumi), as text or JSON; -: standard input."
)
@click.option("--redirector", default="root://cms-xrd-global.cern.ch/", show_default=True, help="Server that finds the files of --list.")
def register(paths: tuple[str, ...], dataset: str, run: int | None, format: str | None, listing: TextIO | None, redirector: str) -> None:
    """Register files (also root://host//path), and the .root and .pb files in folders at any depth; names or options tell what they are.

    \b
    DQM_V0001_R000316142__PD__Era__DQMIO.root  run 316142 of /PD/Era/DQMIO
    PD__Era__DQMIO_run316142.root              the same
    run316142_DQMLive_concat.pb                run 316142 of /Global/Online/ALL

    With --list, register the lumisections that dasgoclient found:

    \b
    dasgoclient -query 'file run lumi dataset=/PD/Era/DQMIO' | dqmhub register --list -
    """
    from app.gui.files import daslist, naming
    from app.gui.files import register as registering

    if bool(paths) == bool(listing) or (listing and run is not None):
        raise click.UsageError("give files and folders, or --list, whose rows tell the runs")
    if dataset and (problem := registering.dataset_problem(dataset)):
        raise click.BadParameter(problem, param_hint="--dataset")
    settings = cli.open_database()
    try:
        if listing:
            entries, wrong = daslist.entries(listing.read(), redirector, dataset, format or _with_lumisections(), settings)
        else:
            entries, wrong = _named(paths, settings, naming.Told(dataset, run, format or ""))
    except ValueError as error:
        raise click.ClickException(str(error)) from error
    done = _stored(entries)
    for line in wrong:
        click.echo(line, err=True)
    click.echo(f"{done}, {len(wrong)} left out")
    sys.exit(1 if wrong and not entries else 0)


def _with_lumisections() -> str:
    """The format of files that hold lumisections, which are those that DAS lists by lumisection."""
    return next(name for name in FORMATS.by_number().values() if FORMATS[name].has_lumisections)


def _named(paths: Iterable[str], settings: Settings, told: Told) -> tuple[list[Entry], list[str]]:
    """The files whose names and contents tell what they are, and what is wrong with the others."""
    from app.gui.files import naming
    from app.gui.files import register as registering

    wrong: list[str] = []
    entries = []
    places = registering.Places(settings)
    with click.progressbar(_files(paths, wrong), label="looking", show_pos=True, file=sys.stderr) as files:
        for file in files:
            if problem := places.problem(file):
                wrong.append(f"{file}: {problem}")
            elif entry := naming.from_path(file, places, told):
                entries.append(entry)
            else:
                wrong.append(f"{file}: its name and content do not tell what it is: use --dataset, --run, --format")
    return entries, wrong


def _stored(entries: Sequence[Entry]) -> Registered:
    from app.core.database import proxy
    from app.gui.files import register as registering
    from app.security import audit

    total = registering.Registered(0, 0, 0)
    with click.progressbar(length=len(entries), label="registering", show_pos=True, file=sys.stderr) as bar:
        for start in range(0, len(entries), registering.BATCH):
            batch = entries[start : start + registering.BATCH]
            with proxy.atomic():
                done = registering.register(batch)
                if done.new or done.replaced:
                    audit("register", registering.summary(batch), answer=str(done))
            total = registering.Registered(*(a + b for a, b in zip(total, done, strict=True)))
            bar.update(len(batch))
    return total


def _files(paths: Iterable[str], wrong: list[str]) -> Iterator[str]:
    """The absolute paths of the files named, and of every .root and .pb file below the folders named, in order; remote files as they are."""
    suffixes = FORMATS.suffixes()
    for given in paths:
        path = Path(given).absolute()
        if "://" in given:
            yield given
        elif path.is_dir():
            for folder, subfolders, names in os.walk(path, onerror=lambda error: wrong.append(str(error))):
                subfolders.sort()
                yield from (f"{folder}/{name}" for name in sorted(names) if name.endswith(suffixes))
        elif path.exists():
            yield str(path)
        else:
            wrong.append(f"{path}: there is no such file or folder")
