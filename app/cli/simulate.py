"""`dqmhub simulate`: simulates the DQM hosts at P5, for demonstrations and tests."""

from __future__ import annotations

import os
import sys
from importlib.util import find_spec

import click

from app import cli
from app.ops.settings import ServiceSettings


@click.command(context_settings={"ignore_unknown_options": True, "help_option_names": []})
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
def simulate(arguments: tuple[str, ...]) -> None:
    """Simulate the DQM hosts at P5."""
    if not find_spec("aiohttp"):
        raise click.ClickException("The simulator of P5 needs aiohttp: install dqmhub[simulator]")
    settings = cli.settings()
    command = [sys.executable, "-m", "services.simulator", "--port", str(settings.of(ServiceSettings).simulator_port)]
    if not any(argument.startswith(("--replay", "--quiet")) for argument in arguments):
        command += ["--state", str(settings.data / "simulator.db")]
    os.execv(sys.executable, [*command, *arguments])
