"""`dqmhub preflight`: what a machine lacks."""

from __future__ import annotations

import click


@click.command(context_settings={"ignore_unknown_options": True}, add_help_option=False)
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
def preflight(arguments: tuple[str, ...]) -> None:
    """Say what this machine lacks for DQM Hub, a mirror or the transfer; `--help` names the options."""
    from app.ops.preflight import main

    main(list(arguments))
