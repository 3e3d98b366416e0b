"""`dqmhub demo`: demo data and simulated runs."""

from __future__ import annotations

import threading
from pathlib import Path

import click

from app import cli


@click.group()
def demo() -> None:
    """Demo data and simulated runs."""


@demo.command()
@click.option("--mes", type=click.IntRange(1, 1_000_000), help="Make one file with this number of monitor elements.")
@click.option("--folder", type=click.Path(path_type=Path), help="Folder of the files; default: demo/ in data_dir.")
def make(mes: int | None, folder: Path | None) -> None:
    """Make small files like those of real runs, or one large file, unless they exist; print their names."""
    from app.gui.demo.make import make_demo

    settings = cli.settings()
    program = demo_program()
    try:
        files = make_demo(folder or settings.data / "demo", program, mes, lambda line: click.echo(line, err=True))
    except (OSError, RuntimeError) as error:
        raise click.ClickException(f"Cannot make the demo files: {error}") from error
    for file in files:
        click.echo(file)


@demo.command()
def jobs() -> None:
    """Store 2,000 jobs of all sources in the job diary, unless it has such ones; print their number."""
    settings = cli.open_database()
    from app.diary.demo import make_demo

    click.echo(f"{make_demo(settings)} jobs")


@demo.command()
def layouts() -> None:
    """Store layouts and workspaces for the demo files, unless they are there; print their number."""
    cli.open_database()
    from app.gui.demo.arrangements import make_demo_layouts

    click.echo(f"{len(make_demo_layouts())} layouts and workspaces")


@demo.command()
@click.option("--run", type=click.IntRange(1, 999_999_000), default=367201, show_default=True, help="Number of the first run.")
@click.option("--period", type=click.FloatRange(0.1, 3600), default=23, show_default=True, help="Seconds from one snapshot to the next.")
@click.option("--lumis", type=click.IntRange(2, 5000), default=40, show_default=True, help="Lumisections of each run.")
@click.option("--folder", type=click.Path(path_type=Path), help="Folder of the snapshots; default: demo/live/ in data_dir.")
def live(run: int, period: float, lumis: int, folder: Path | None) -> None:
    """Simulate online runs continuously (Ctrl-C stops)."""
    from app.core.supervisor import follow_supervisor, stop_at_signals
    from app.gui.demo.live import LiveDemo

    settings = cli.settings()
    stop = threading.Event()
    stop_at_signals(stop)
    follow_supervisor()
    everywhere = {"0.0.0.0": "127.0.0.1", "::": "::1"}
    hub = everywhere.get(settings.web_host, settings.web_host), settings.web_port
    folder = folder or settings.data / "demo" / "live"
    LiveDemo(folder, demo_program(), hub, run, lumis, period).play(stop, _report)


def _report(line: str) -> None:
    click.echo(line, err=True)


def demo_program() -> Path:
    """The program that makes DQM files, which is built with the render service. Raises ClickException when it is not."""
    from app.cli.render import built_program

    return built_program().with_name("dqmhub-demo")
