"""Command of the stub area."""

from __future__ import annotations

import click


@click.command()
def stub() -> None:
    """Greet from the stub area."""
    click.echo("hello from the stub area")
