"""`dqmhub simulate-oms`: simulates the token server, OMS and the Run Registry, for demonstrations and tests."""

from __future__ import annotations

import os
import sys
from importlib.util import find_spec

import click

from app import cli
from app.ops.settings import ServiceSettings
from app.runs.settings import RunsSettings


@click.command(context_settings={"ignore_unknown_options": True, "help_option_names": []})
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
def simulate_oms(arguments: tuple[str, ...]) -> None:
    """Simulate the token server, OMS and the Run Registry."""
    if not find_spec("aiohttp"):
        raise click.ClickException("The simulator of OMS needs aiohttp: install dqmhub[simulator]")
    settings = cli.settings()
    command = [sys.executable, "-m", "services.simulator.run_services", "--port", str(settings.of(RunsSettings).runs_simulator_port)]
    if not any(argument.startswith("--p5") for argument in arguments):
        command += ["--p5", f"http://127.0.0.1:{settings.of(ServiceSettings).simulator_port}"]
    os.execv(sys.executable, [*command, *arguments])
