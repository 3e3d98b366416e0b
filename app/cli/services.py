"""`dqmhub web` and `dqmhub render`: the processes that serve; `dqmhub run`: all of them together."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import click

from app import cli
from app.core.settings import TREE, Settings
from app.gui.settings import GuiSettings, local_roots
from app.ops.settings import ServiceSettings
from app.publish.settings import PublishSettings
from app.square.settings import SquareSettings

SERVICES = ("web", "live", "worker", "render")
"""What the Procfile has, but for the demo."""


@click.command()
def web() -> None:
    """Run the web server."""
    settings = cli.open_database()
    from app import create_app
    from app.core.server import Server

    server = Server(settings, create_app)
    try:
        server.try_address()
    except OSError as error:
        raise click.ClickException(
            f"nothing can listen on {server.address}: {os.strerror(error.errno or 0)}; see the settings web_host and web_port"
        ) from error
    server.run()


@click.command()
@click.argument("file", required=False, type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.argument("me", required=False)
@click.option(
    "-o",
    "--output",
    type=click.Path(dir_okay=False, writable=True, path_type=Path),
    help="Where to write: .png, .svg, .pdf, .root or .json.",
)
@click.option(
    "--options", default="", help="How to draw, as in the address of a plot: 'w=800&h=600&ytype=log', or in the log of the service."
)
def render(file: Path | None, me: str | None, output: Path | None, options: str) -> None:
    """Run the render service, which draws the plots; or, with FILE and ME, draw this monitor element of a DQM file."""
    from render.build import binary

    settings = cli.settings()
    program = binary(TREE)
    if not program.exists():
        raise click.ClickException(f"there is no {program}: build it with `make build`")
    folder = settings.data / "render"
    if file or output:
        if not (file and me and output):
            raise click.UsageError("to draw a plot, name the file, the monitor element and the output: dqmhub render FILE ME -o plot.png")
        from app.cli.draw import draw

        draw(file, me, output, options, folder / "socket", [str(program), *render_arguments(settings, 1)])
        return
    folder.mkdir(parents=True, exist_ok=True)
    os.execv(
        program,
        [
            str(program),
            *render_arguments(settings, settings.of(GuiSettings).render_workers or os.cpu_count() or 1),
            "--state-directory",
            f"{folder}/",
        ],
    )


def render_arguments(settings: Settings, workers: int) -> list[str]:
    """The command line of the render service, without its folder."""
    arguments = [
        "--workers",
        str(workers),
        "--timeout",
        f"{settings.of(GuiSettings).render_timeout_s:g}",
        "--cpu",
        f"{settings.of(GuiSettings).render_cpu_s:g}",
    ]
    arguments += ["--memory", str(settings.of(GuiSettings).render_memory_mb), *(f"--root={root}" for root in local_roots(settings))]
    return arguments + (["--load", settings.of(GuiSettings).render_plugins] if settings.of(GuiSettings).render_plugins else [])


@click.command()
@click.option(
    "--demo",
    is_flag=True,
    help="Play runs that are taken, too; watch a stand-in for P5 where square_url names none; publish to a mirror on this machine.",
)
def run(demo: bool) -> None:
    """Run every service in this terminal, as the Procfile says; Ctrl-C ends them all."""
    settings = cli.open_database()
    if demo and not settings.of(SquareSettings).square_url:
        os.environ["DQMHUB_SQUARE_URL"] = f"http://127.0.0.1:{settings.of(ServiceSettings).simulator_port}"
    if demo and not settings.of(PublishSettings).publishes:
        publish_here(settings)
    os.environ["DQMHUB_SUPERVISOR_PID"] = str(os.getpid())  # the services end when this process does, however it ends
    os.environ["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    command = ["honcho", "--app-root", str(TREE), "--procfile", str(TREE / "Procfile"), "start", *([] if demo else SERVICES)]
    os.execv(Path(sys.executable).parent / "honcho", command)


def publish_here(settings: Settings) -> None:
    """Have the services that this process starts publish to the mirror that it starts."""
    from app.publish import keys

    keys.make_key(settings)
    public = keys.signing_key(settings).public_key().public_bytes_raw().hex()
    os.environ["DQMHUB_PUBLISH_MIRRORS"] = f"http://127.0.0.1:{settings.of(ServiceSettings).mirror_port}"
    os.environ["DQMHUB_MIRROR_KEYS"] = ",".join(dict.fromkeys((*settings.of(ServiceSettings).mirror_keys, public)))
