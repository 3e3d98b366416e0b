"""`dqmhub demo`: files, and runs that are taken, to try the product with."""

from __future__ import annotations

import signal
import threading
from pathlib import Path

import click

from app import cli
from app.core.settings import TREE


@click.group()
def demo() -> None:
    """Files, and runs that are taken, to try the product with."""


@demo.command()
@click.option("--mes", type=click.IntRange(1, 1_000_000), help="Make one file with this many monitor elements.")
@click.option("--folder", type=click.Path(path_type=Path), help="Where; default: demo/ in data_dir.")
def make(mes: int | None, folder: Path | None) -> None:
    """Make small files that look like real DQM, or one large file, where they are not there yet; print their names."""
    from app.gui.demo.make import make_demo

    settings = cli.settings()
    program = _demo_program()
    try:
        files = make_demo(folder or settings.data / "demo", program, mes, lambda line: click.echo(line, err=True))
    except (OSError, RuntimeError) as error:
        raise click.ClickException(f"the demo files were not made: {error}") from error
    for file in files:
        click.echo(file)


@demo.command()
@click.option("--run", type=click.IntRange(1, 999_999_000), default=367201, show_default=True, help="Number of the first run.")
@click.option("--period", type=click.FloatRange(0.1, 3600), default=23, show_default=True, help="Seconds from one snapshot to the next.")
@click.option("--lumis", type=click.IntRange(2, 5000), default=40, show_default=True, help="Lumisections of each run.")
@click.option("--folder", type=click.Path(path_type=Path), help="Where; default: demo/live/ in data_dir.")
def live(run: int, period: float, lumis: int, folder: Path | None) -> None:
    """Play one run after the other as the online system takes them, into the hub that these settings are of, until Ctrl-C."""
    from app.core.supervisor import follow_supervisor
    from app.gui.demo.live import LiveDemo

    settings = cli.settings()
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    follow_supervisor()
    everywhere = {"0.0.0.0": "127.0.0.1", "::": "::1"}
    hub = everywhere.get(settings.web_host, settings.web_host), settings.web_port
    folder = folder or settings.data / "demo" / "live"
    LiveDemo(folder, _demo_program(), hub, run, lumis, period).play(stop, lambda line: click.echo(line, err=True))


def _demo_program() -> Path:
    from render.build import binary

    program = binary(TREE).with_name("dqmhub-demo")
    if not program.exists():
        raise click.ClickException(f"there is no {program}: build it with `make build`")
    return program
