"""`dqmhub doctor`: checks of an installation."""

from __future__ import annotations

import sys

import click

from app import cli


@click.command()
@click.option("--url", default="", help="Address at which people open the hub; the setting public_url by default.")
def doctor(url: str) -> None:
    """Check this installation, and name what to do. Exit code 1 if something is wrong."""
    from app.ops.doctor import examine

    settings = cli.settings()
    levels = set()
    for name, finding in examine(settings, url or settings.public_url):
        levels.add(finding.level)
        click.echo(f"{finding.level:<8} {name}: {finding.text}")
        if finding.remedy:
            click.echo(f"{'':<8} -> {finding.remedy}")
    sys.exit("error" in levels)
