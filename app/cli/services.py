"""`dqmhub web` and `dqmhub render`: web server and render service; `dqmhub run`: all services together."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import click

from app import cli
from app.cli import demo_start
from app.core.settings import TREE, Settings
from app.gui.settings import GuiSettings, local_roots
from app.ops.settings import ServiceSettings
from app.publish.settings import PublishSettings
from app.square.settings import SquareSettings

SERVICES = ("web", "live", "worker", "render")
"""The services of the Procfile, without those of the demo."""


@click.command()
def web() -> None:
    """Run the web server."""
    settings = cli.open_database()
    from app import create_app
    from app.core.server import WebServer

    server = WebServer(settings, create_app)
    try:
        server.check_address()
    except OSError as error:
        raise click.ClickException(
            f"Cannot listen on {server.address}: {os.strerror(error.errno or 0)}; see the settings web_host and web_port"
        ) from error
    server.run()


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


@click.command()
@click.option(
    "--demo",
    is_flag=True,
    help="Simulate online runs too, use a simulator of P5 unless square_url is set, and publish to a mirror on this machine.",
)
def run(demo: bool) -> None:
    """Run all services in this terminal; Ctrl-C stops them."""
    settings = cli.open_database()
    if demo and not settings.of(SquareSettings).square_url:
        use_simulator(settings.of(ServiceSettings).simulator_port)
    if demo and not settings.of(PublishSettings).publishes:
        publish_to_own_mirror(settings)
    if demo:
        services = settings.of(ServiceSettings)
        os.environ["DQMHUB_START_AFTER"] = f"{services.simulator_port},{services.mirror_port}"
        demo_start.announce_when_ready(settings, demo_start.prepare(settings))
    os.environ["DQMHUB_SUPERVISOR_PID"] = str(os.getpid())  # the services end when this process does, however it ends
    os.environ["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    command = ["honcho", "--app-root", str(TREE), "--procfile", str(TREE / "Procfile"), "start", *([] if demo else SERVICES)]
    os.execv(Path(sys.executable).parent / "honcho", command)


def use_simulator(port: int) -> None:
    """Let the services started by this process poll the simulator of P5 started by it."""
    command = [sys.executable, "-m", "services.simulator", "--quiet-start", "--port", str(port), "--addresses"]
    os.environ["DQMHUB_SQUARE_URL"] = f"http://127.0.0.1:{port}"
    os.environ["DQMHUB_SQUARE_ADDRESSES"] = subprocess.run(command, cwd=TREE, stdout=subprocess.PIPE, text=True, check=True).stdout.strip()


def publish_to_own_mirror(settings: Settings) -> None:
    """Let the services started by this process publish to the mirror started by it."""
    from app.publish import keys

    keys.make_key(settings)
    public = keys.signing_key(settings).public_key().public_bytes_raw().hex()
    os.environ["DQMHUB_PUBLISH_MIRRORS"] = f"http://127.0.0.1:{settings.of(ServiceSettings).mirror_port}"
    os.environ["DQMHUB_MIRROR_KEYS"] = ",".join(dict.fromkeys((*settings.of(ServiceSettings).mirror_keys, public)))
