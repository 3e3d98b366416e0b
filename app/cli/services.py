"""`dqmhub web` and `dqmhub render`: the processes that serve; `dqmhub run`: all of them together."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import click

from app import cli
from app.settings import TREE, Settings


@click.command()
def web() -> None:
    """Run the web server."""
    settings = cli.open_database()
    from app.server import Server

    server = Server(settings)
    try:
        server.try_address()
    except OSError as error:
        raise click.ClickException(
            f"nothing can listen on {server.address}: {os.strerror(error.errno or 0)}; see the settings web_host and web_port"
        ) from error
    server.run()


@click.command()
def render() -> None:
    """Run the render service, which draws the plots."""
    from render.build import binary

    settings = cli.settings()
    program = binary(TREE)
    if not program.exists():
        raise click.ClickException(f"there is no {program}: build it with `make build`")
    folder = settings.data / "render"
    folder.mkdir(parents=True, exist_ok=True)
    os.execv(program, [str(program), *render_arguments(settings, folder)])


def render_arguments(settings: Settings, folder: Path) -> list[str]:
    """The command line of the render service."""
    arguments = ["--state-directory", f"{folder}/", "--workers", str(settings.render_workers or os.cpu_count() or 1)]
    arguments += ["--timeout", f"{settings.render_timeout_s:g}", "--cpu", f"{settings.render_cpu_s:g}"]
    arguments += ["--memory", str(settings.render_memory_mb)]
    return arguments + (["--load", settings.render_plugins] if settings.render_plugins else [])


@click.command()
def run() -> None:
    """Run every service in this terminal, as the Procfile says; Ctrl-C ends them all."""
    cli.open_database()
    os.environ["DQMHUB_SUPERVISOR_PID"] = str(os.getpid())  # the services end when this process does, however it ends
    os.environ["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    os.execv(Path(sys.executable).parent / "honcho", ["honcho", "--app-root", str(TREE), "--procfile", str(TREE / "Procfile"), "start"])
