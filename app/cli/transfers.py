"""`dqmhub transfers`: the hosts of the file transfer."""

from __future__ import annotations

import time

import click

from app import cli


@click.group()
def transfers() -> None:
    """Hosts of the file transfer."""


@transfers.command("forget")
@click.argument("host")
def forget(host: str) -> None:
    """Forget HOST, which was taken out of service, and end its problems.

    What was sent from it stays. If a process on it reports again, it is known again.
    """
    cli.open_database()
    from app.security.audit_log import audit
    from app.transfers.retention import forget_host

    if not forget_host(host, time.time()):
        raise click.ClickException(f"No process of the transfer has reported from {host}")
    audit("forget host of transfers", host)
    click.echo(f"Forgot {host}")
