"""`dqmhub doctor`: checks of an installation."""

from __future__ import annotations

import json
import os
import pwd
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import click

from app import cli

if TYPE_CHECKING:
    from app.ops.backup.owner import Owner


@click.command()
@click.argument("checks", nargs=-1)
@click.option("--url", default="", help="Address at which people open the hub; the setting public_url by default.")
@click.option("--json", "as_json", is_flag=True, help="Print a JSON list of objects with check, level, text and remedy.")
def doctor(checks: tuple[str, ...], url: str, as_json: bool) -> None:
    """Check this installation, or only CHECKS, and name what to do. Exit code 1 if something is wrong.

    As root, the checks run as the user of the services: what root can do says little about them.
    """
    from app.ops.backup.owner import owner_of
    from app.ops.doctor import all_checks, examine, name_of
    from app.ops.doctor.diagnosis import Diagnosis

    if url and not _is_address(url):
        raise click.UsageError(f"--url is {url}; it must be an address such as https://hub.example.org")
    settings = cli.settings()
    known = [name_of(check) for check in all_checks()]
    if unknown := sorted(set(checks) - set(known)):
        raise click.UsageError(f"There is no check {', '.join(unknown)}; there are {', '.join(known)}")
    if os.geteuid() == 0 and (owner := owner_of(settings.data)).user != 0:
        _run_as(owner)
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


def _run_as(owner: Owner) -> None:
    """Run this command as the user of the services and end with its exit code; return if that user cannot run it.

    A database server may know users by their system accounts, and root can write what the services cannot.
    """
    context = click.get_current_context()
    options = [*(["--url", context.params["url"]] if context.params["url"] else []), *(["--json"] if context.params["as_json"] else [])]
    command = [str(Path(sys.executable).with_name("dqmhub")), "doctor", *options, *context.params["checks"]]
    try:
        name = pwd.getpwuid(owner.user).pw_name
        groups = os.getgrouplist(name, owner.group)
    except KeyError:  # in a container the user id may have no name
        name, groups = str(owner.user), []
    try:
        done = subprocess.run(command, user=owner.user, group=owner.group, extra_groups=groups, check=False)
    except OSError as error:
        click.echo(f"The checks run as root: {name}, the owner of the data, cannot run {command[0]} ({error.strerror})", err=True)
        return
    sys.exit(done.returncode)


def _is_address(url: str) -> bool:
    try:
        parts = urlsplit(url)
        return parts.scheme in ("http", "https") and bool(parts.hostname)
    except ValueError:  # an IPv6 address without its end
        return False
