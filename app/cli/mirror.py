"""`dqmhub mirror`: what shows outside what a hub publishes."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from pathlib import Path

import click

from app import cli
from app.core.settings import TREE, Settings
from app.ops.settings import ServiceSettings
from app.security.settings import SecuritySettings


@click.command()
def mirror() -> None:
    """Run a mirror, which shows what hubs send to it; it needs no database and no other service."""
    settings = cli.settings()
    os.chdir(TREE)
    os.execv(sys.executable, [sys.executable, "-m", "services.mirror", *mirror_arguments(settings)])


def mirror_arguments(settings: Settings) -> list[str]:
    """The command line of a mirror that has these settings."""
    given: dict[str, Sequence[object]] = {
        "host": [settings.of(ServiceSettings).mirror_host], "port": [settings.of(ServiceSettings).mirror_port], "data": [settings.of(ServiceSettings).mirror_data or settings.data / "mirror"],
        "keys": settings.of(ServiceSettings).mirror_keys, "folder": [Path(settings.of(ServiceSettings).mirror_folder).absolute()] if settings.of(ServiceSettings).mirror_folder else [],
        "prefix": [settings.of(ServiceSettings).mirror_prefix] if settings.of(ServiceSettings).mirror_prefix else [], "rate": [settings.of(ServiceSettings).mirror_rate], "burst": [settings.of(ServiceSettings).mirror_burst],
        "oldest-h": [settings.of(ServiceSettings).mirror_oldest_h],
        "trusted-proxies": settings.of(SecuritySettings).trusted_proxies,
    }  # fmt: skip
    return [text for name, values in given.items() if values for text in (f"--{name}", *map(str, values))]
