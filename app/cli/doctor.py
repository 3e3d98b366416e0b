"""`dqmhub doctor`: checks of an installation."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import click

from app import cli
from app.core.settings import load

if TYPE_CHECKING:
    from app.ops.doctor.diagnosis import Diagnosis


@click.command()
@click.argument("checks", nargs=-1)
@click.option("--url", default="", help="Address at which people open the hub; the setting public_url by default.")
@click.option("--json", "as_json", is_flag=True, help="Print a JSON list of objects with check, level, text and remedy.")
def doctor(checks: tuple[str, ...], url: str, as_json: bool) -> None:
    """Check this installation, or only CHECKS, and name what to do. Exit code 1 if something is wrong.

    As root, the checks run as the user of the services: what root can do says little about them.
    """
    from app.ops.doctor import all_checks, examine, name_of
    from app.ops.owner import acting_as_owner

    if url and not _is_address(url):
        raise click.UsageError(f"--url is {url}; it must be an address such as https://hub.example.org")
    known = [name_of(check) for check in all_checks()]
    if unknown := sorted(set(checks) - set(known)):
        raise click.UsageError(f"There is no check {', '.join(unknown)}; there are {', '.join(known)}")
    with acting_as_owner(load().data):
        settings = cli.settings()  # read again, as the services read their files
        sys.exit(_has_error(examine(settings, url or settings.public_url, checks), as_json))


def _has_error(findings: Iterable[tuple[str, Diagnosis]], as_json: bool) -> bool:
    """Print findings as they come, with the names of their checks; whether one is an error."""
    found = []
    for name, finding in findings:
        found.append((name, finding))
        if not as_json:
            click.echo(f"{finding.level:<8} {name}: {finding.text}")
            if finding.remedy:
                click.echo(f"{'':<8} -> {finding.remedy}")
    if as_json:
        click.echo(json.dumps([{"check": name, **finding._asdict()} for name, finding in found], indent=1, ensure_ascii=False))
    return any(finding.level == "error" for _, finding in found)


def _is_address(url: str) -> bool:
    try:
        parts = urlsplit(url)
        return parts.scheme in ("http", "https") and bool(parts.hostname)
    except ValueError:  # an IPv6 address without its end
        return False
