"""`dqmhub config`: write a sample file, show and check the settings, print the reference of all settings."""

from __future__ import annotations

import json
import os
from pathlib import Path

import click

from app import cli
from app.areas import settings_reference
from app.core import settings as table
from app.core.urls import is_remote
from app.gui.settings import GuiSettings
from app.queue.settings import QueueSettings


@click.group()
def config() -> None:
    """Create, show and validate the configuration."""


@config.command()
@click.argument("file", type=click.Path(path_type=Path), envvar="DQMHUB_CONFIG", default=table.TREE / "dqmhub.toml")
def init(file: Path) -> None:
    """Write a sample configuration to FILE unless it exists (default: the one of --config, or dqmhub.toml in the source tree)."""
    try:
        with open(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o640), "w", encoding="utf-8") as sample:
            sample.write(table.sample())
    except OSError as error:
        raise click.ClickException(f"{file} was not written: {error.strerror}") from error
    click.echo(f"wrote {file}")


@config.command()
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def show(as_json: bool) -> None:
    """Print all settings in force, without secrets."""
    values = table.visible_values(cli.settings())
    if as_json:
        click.echo(json.dumps(values, indent=2))
        return
    for name, value in values.items():
        click.echo(f"{name} = {json.dumps(value)}")


@config.command()
def check() -> None:
    """Validate the settings, and print the files that they come from."""
    files = table.config_files(None, os.environ)
    settings = cli.settings()
    from app.core.database_kinds import unknown_parameters
    from app.diary.sources.registry import configured_sources
    from app.ops.backup import backup_folder
    from app.ops.doctor.checks.access import anonymous_readers, plain_http
    from app.ops.doctor.checks.proxy_sign_in import setting_problems as proxy_sign_in_problems
    from app.security.proxy_sign_in.settings import ProxySignInSettings
    from app.security.sign_on.settings import SignOnSettings, sign_on_problems

    if settings.database_url and (unknown := unknown_parameters(settings.database_url)):
        raise click.ClickException(f"database_url: PostgreSQL has no parameter {', '.join(unknown)}; there are host, sslmode and others")
    _check_redis(settings.of(QueueSettings).huey_url)
    for root in settings.of(GuiSettings).file_roots:
        if not is_remote(root) and not Path(root).is_dir():
            click.echo(f"warning: file_roots: the folder {root} does not exist", err=True)
    if (backups := backup_folder(settings)).exists() and not backups.is_dir():
        click.echo(f"warning: backup_dir: {backups} is no folder", err=True)
    for problem in configured_sources(settings).problems:
        click.echo(f"warning: source of jobs {problem.name}: {problem.reason}", err=True)
    warnings = [problem.text for problem in sign_on_problems(settings.of(SignOnSettings))]
    findings = [*proxy_sign_in_problems(settings.of(ProxySignInSettings)), *anonymous_readers(settings), *plain_http(settings)]
    warnings += [finding.text for finding in findings if finding.level != "ok"]
    for text in warnings:
        click.echo(f"warning: {text}", err=True)
    click.echo("configuration OK; read from " + (", ".join(map(str, files)) or "no file") + " and the environment")


def _check_redis(url: str) -> None:
    if not url:
        return
    from app.queue.queues import unknown_parameters  # loads slowly

    try:
        unknown = unknown_parameters(url)
    except ImportError as error:
        raise click.ClickException("huey_url: the package redis is not installed; `pip install 'dqmhub[redis]'` adds it") from error
    except ValueError as error:
        raise click.ClickException(f"huey_url: {error}") from error
    if unknown:
        raise click.ClickException(f"huey_url: Redis has no parameter {', '.join(unknown)}; there are db, socket_timeout and others")


@config.command("reference")
def print_reference() -> None:
    """Print the reference of settings in Markdown; those of channels of notifications are in the README of each channel."""
    click.echo(settings_reference(), nl=False)
