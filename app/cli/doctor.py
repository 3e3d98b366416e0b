"""`dqmhub doctor`: checks of an installation."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from urllib.parse import urlsplit

import click

from app import cli


@click.command()
@click.argument("checks", nargs=-1)
@click.option("--url", default="", help="Address at which people open the hub; the setting public_url by default.")
@click.option("--json", "as_json", is_flag=True, help="Print a JSON list of objects with check, level, text and remedy.")
def doctor(checks: tuple[str, ...], url: str, as_json: bool) -> None:
    """Check this installation, or only CHECKS, and name what to do. Exit code 1 if something is wrong."""
    from app.ops.doctor import all_checks, examine, name_of
    from app.ops.doctor.diagnosis import Diagnosis

    if url and not _is_address(url):
        raise click.UsageError(f"--url is {url}; it must be an address such as https://hub.example.org")
    settings = cli.settings()
    known = [name_of(check) for check in all_checks()]
    if unknown := sorted(set(checks) - set(known)):
        raise click.UsageError(f"There is no check {', '.join(unknown)}; there are {', '.join(known)}")
    levels = set()

    def findings() -> Iterator[tuple[str, Diagnosis]]:
        for name, finding in examine(settings, url or settings.public_url, checks):
            levels.add(finding.level)
            yield name, finding

    if as_json:
        click.echo(json.dumps([{"check": name, **finding._asdict()} for name, finding in findings()], indent=1, ensure_ascii=False))
    else:
        for name, finding in findings():
            click.echo(f"{finding.level:<8} {name}: {finding.text}")
            if finding.remedy:
                click.echo(f"{'':<8} -> {finding.remedy}")
    sys.exit("error" in levels)


def _is_address(url: str) -> bool:
    try:
        parts = urlsplit(url)
        return parts.scheme in ("http", "https") and bool(parts.hostname)
    except ValueError:  # an IPv6 address without its end
        return False
