"""`dqmhub simulate-clients`: simulates the clients of online runs on several hosts, for demonstrations and tests."""

from __future__ import annotations

import os
import sys

import click

from app import cli
from app.cli.demo import demo_program
from app.cli.demo_start import wait_for_upstreams
from app.core.settings import Settings
from app.ops.settings import ServiceSettings


@click.command(context_settings={"ignore_unknown_options": True, "help_option_names": []})
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
def simulate_clients(arguments: tuple[str, ...]) -> None:
    """Simulate the clients of online runs."""
    settings = cli.settings()
    folder = settings.data / "demo" / "online"
    command = [sys.executable, "-m", "services.simulator.clients", "--folder", str(folder), "--program", str(demo_program())]
    if "--follow" in arguments:
        port = settings.of(ServiceSettings).simulator_port
        wait_for_upstreams()
        _adapt_demo_files(settings, port)
        arguments = (*(argument for argument in arguments if argument != "--follow"), "--p5", str(port))
    os.execv(sys.executable, [*command, *arguments])


def _adapt_demo_files(settings: Settings, port: int) -> None:
    """Give the demo files start and release of their runs at the simulated P5."""
    from app.gui.demo.follow import adapt_demo

    try:
        adapt_demo(settings.data / "demo", demo_program(), port)
    except (OSError, RuntimeError, ValueError, KeyError) as error:
        click.echo(f"The demo files keep their times: {error}", err=True)
