"""`dqmhub mirror`: a public mirror."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence

import click

from app import cli
from app.core.log_output import log_format
from app.core.settings import TREE, Settings
from app.ops.settings import ServiceSettings, mirror_data
from app.security.settings import SecuritySettings


@click.command()
def mirror() -> None:
    """Run a public mirror, which shows the data that hubs publish."""
    settings = cli.settings()
    cli.refuse_superuser(mirror_data(settings))
    os.chdir(TREE)
    os.execv(sys.executable, [sys.executable, "-m", "services.mirror", *mirror_arguments(settings)])


def mirror_arguments(settings: Settings) -> list[str]:
    """Arguments of a mirror with these settings."""
    service = settings.of(ServiceSettings)
    options: dict[str, Sequence[object]] = {
        "host": [service.mirror_host],
        "port": [service.mirror_port],
        "data": [mirror_data(settings)],
        "keys": service.mirror_keys,
        "folder": [service.mirror_folder] if service.mirror_folder else [],
        "prefix": [service.mirror_prefix] if service.mirror_prefix else [],
        "rate": [service.mirror_rate],
        "burst": [service.mirror_burst],
        "log-level": [settings.log_level],
        "log-format": [log_format(settings)],
        "oldest-h": [service.mirror_oldest_h],
        "trusted-proxies": settings.of(SecuritySettings).trusted_proxies,
    }
    return [text for name, values in options.items() if values for text in (f"--{name}", *map(str, values))]
