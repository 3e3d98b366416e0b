"""`dqmhub trends configs`: configurations of trends that experts made on pages."""

from __future__ import annotations

import time
from pathlib import Path

import click

from app import cli

MAX_REASON = 500


def check_reason(reason: str) -> None:
    """Refuse a reason without text, or a too long one."""
    if not 0 < len(reason.strip()) <= MAX_REASON:
        raise click.BadParameter(f"Expected 1 to {MAX_REASON} characters", param_hint="--reason")


@click.group()
def configs() -> None:
    """Configurations that experts made on pages."""


@configs.command("ls")
@click.option("--subsystem", default="", help="Configurations of this subsystem alone.")
def list_configs(subsystem: str) -> None:
    """List them with who made them and when, also removed ones."""
    from app.trends.configs.page_configs import page_config_history

    cli.open_database()
    for row in page_config_history(subsystem):
        kept = f"kept by {row.kept_by} {_day(row.kept_at)}"
        removed = f", removed by {row.removed_by} {_day(row.removed_at)}" if row.removed_at else ""
        click.echo(f"{row.subsystem}/{row.name}: {row.metric} {row.me} ({kept}{removed})")


def _day(at: float) -> str:
    return time.strftime("%Y-%m-%d", time.gmtime(at))


@configs.command("export")
@click.argument("folder", type=click.Path(file_okay=False, path_type=Path))
def export_configs(folder: Path) -> None:
    """Write them as TOML into FOLDER, a file SUBSYSTEM/page.toml for each subsystem.

    In the folder of configurations the files take precedence over what was made on pages, which can be removed then.
    """
    from app.trends.configs.page_configs import used_page_configs
    from app.trends.configs.toml import written

    cli.open_database()
    found = used_page_configs()
    for subsystem in sorted({config.subsystem for config in found}):
        path = folder / subsystem / "page.toml"
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(written(config for config in found if config.subsystem == subsystem), encoding="utf-8")
        except OSError as error:
            raise click.ClickException(f"{path} cannot be written: {error.strerror}") from error
        click.echo(path)
    click.echo(f"{len(found):,} configurations written", err=True)


@configs.command("rm")
@click.argument("subsystem")
@click.argument("name")
@click.option("--reason", required=True, help="Why, for the audit log.")
def remove_config(subsystem: str, name: str, reason: str) -> None:
    """Remove the configuration NAME of SUBSYSTEM that was made on a page; its points stay."""
    from app.queue.store import enqueue
    from app.trends.configs.page_configs import remove
    from app.trends.scan import READ_CONFIGS

    check_reason(reason)
    cli.open_database()
    name = name.removeprefix("plot:")
    if not remove(subsystem, name, reason=reason.strip()):
        raise click.ClickException(f"No configuration {name} of {subsystem} was made on a page")
    enqueue(READ_CONFIGS, "now")
    click.echo(f"{subsystem}/{name} is removed; its points stay")
