"""`dqmhub register` and `dqmhub demo`: make DQM files known, and make some to try the product with."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

import click

from app import cli
from app.settings import TREE


@click.command()
@click.argument("paths", nargs=-1, required=True, type=click.Path(path_type=Path))
def register(paths: tuple[Path, ...]) -> None:
    """Register FILES, and the files in FOLDERS at any depth, named like DQM_V0001_R000316142__PD__Era__DQMIO.root."""
    from app.database import proxy
    from app.gui import register as registering
    from app.security import audit

    settings = cli.open_database()
    wrong: list[str] = []
    entries = []
    places = registering.Places(settings)
    with click.progressbar(_files(paths, wrong), label="looking", show_pos=True, file=sys.stderr) as files:
        for file in files:
            entry = registering.from_path(file, places)
            problem = places.problem(file) if entry else "its name is not of a DQM file with a dataset"
            if entry and not problem:
                entries.append(entry)
            else:
                wrong.append(f"{file}: {problem}")
    new = replaced = known = 0
    with click.progressbar(length=len(entries), label="registering", show_pos=True, file=sys.stderr) as bar:
        for start in range(0, len(entries), registering.BATCH):
            batch = entries[start : start + registering.BATCH]
            with proxy.atomic():
                done = registering.register(batch)
                if done.new or done.replaced:
                    audit("register", registering.summary(batch), answer=str(done))
            new, replaced, known = new + done.new, replaced + done.replaced, known + done.known
            bar.update(len(batch))
    for line in wrong:
        click.echo(line, err=True)
    click.echo(f"{registering.Registered(new, replaced, known)}, {len(wrong)} left out")
    sys.exit(1 if wrong and not entries else 0)


def _files(paths: Iterable[Path], wrong: list[str]) -> Iterator[str]:
    """The absolute paths of the files named, and of every .root file below the folders named, in order."""
    for path in map(Path.absolute, paths):
        if path.is_dir():
            for folder, subfolders, names in os.walk(path, onerror=lambda error: wrong.append(str(error))):
                subfolders.sort()
                yield from (f"{folder}/{name}" for name in sorted(names) if name.endswith(".root"))
        elif path.exists():
            yield str(path)
        else:
            wrong.append(f"{path}: there is no such file or folder")


@click.group()
def demo() -> None:
    """Files to try the product with."""


@demo.command()
@click.option("--mes", type=click.IntRange(1, 1_000_000), help="Make one file with this many monitor elements.")
@click.option("--folder", type=click.Path(path_type=Path), help="Where; default: demo/ in data_dir.")
def make(mes: int | None, folder: Path | None) -> None:
    """Make small files that look like real DQM, or one large file, where they are not there yet; print their names."""
    from app.gui.demo import make_demo
    from render.build import binary

    settings = cli.settings()
    program = binary(TREE).with_name("dqmhub-demo")
    if not program.exists():
        raise click.ClickException(f"there is no {program}: build it with `make build`")
    try:
        files = make_demo(folder or settings.data / "demo", program, mes, lambda line: click.echo(line, err=True))
    except (OSError, RuntimeError) as error:
        raise click.ClickException(f"the demo files were not made: {error}") from error
    for file in files:
        click.echo(file)
