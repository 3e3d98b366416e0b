"""`dqmhub render`: the render service, or one plot."""

from __future__ import annotations

import os
from pathlib import Path

import click

from app import cli
from app.core.settings import TREE, Settings
from app.gui.settings import GuiSettings, local_roots


@click.command()
@click.argument("file", required=False, type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.argument("me", required=False)
@click.option(
    "-o",
    "--output",
    type=click.Path(dir_okay=False, writable=True, path_type=Path),
    help="File to write: .png, .svg, .pdf, .root or .json.",
)
@click.option(
    "--options", default="", help="Drawing options as in the URL of a plot, e.g. 'w=800&h=600&ytype=log', or in the log of the service."
)
def render(file: Path | None, me: str | None, output: Path | None, options: str) -> None:
    """Run the render service, or draw one plot.

    With FILE, ME and --output, draw the monitor element ME of the DQM file FILE.
    """
    from render.build import binary

    settings = cli.settings()
    program = binary(TREE)
    if not program.exists():
        raise click.ClickException(f"{program} does not exist: build it with `make build`")
    folder = settings.data / "render"
    if file or output:
        if not (file and me and output):
            raise click.UsageError("To draw a plot, give file, monitor element and output: dqmhub render FILE ME -o plot.png")
        from app.cli.draw import draw

        draw(file, me, output, options, folder / "socket", [str(program), *render_arguments(settings, 1)])
        return
    folder.mkdir(parents=True, exist_ok=True)
    workers = settings.of(GuiSettings).render_workers or os.cpu_count() or 1
    os.execv(program, [str(program), *render_arguments(settings, workers), "--state-directory", f"{folder}/"])


def render_arguments(settings: Settings, workers: int) -> list[str]:
    """Arguments of the render service, without its folder."""
    gui = settings.of(GuiSettings)
    options = {
        "--workers": str(workers),
        "--timeout": f"{gui.render_timeout_s:g}",
        "--cpu": f"{gui.render_cpu_s:g}",
        "--memory": str(gui.render_memory_mb),
    }
    arguments = [text for option in options.items() for text in option]
    arguments += [f"--root={root}" for root in local_roots(settings)]
    return arguments + (["--load", gui.render_plugins] if gui.render_plugins else [])
