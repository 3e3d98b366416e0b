"""`dqmhub alarms`: alarms on plots, and their rules from and to files."""

from __future__ import annotations

import json
from pathlib import Path

import click

from app import cli
from app.core.text import counted, json_problem


@click.group()
def alarms() -> None:
    """List alarms on plots; export and import their rules."""


@alarms.command("ls")
@click.option("--json", "as_json", is_flag=True, help="Print a JSON list.")
def list_alarms(as_json: bool) -> None:
    """List the open alarms, those to look at first."""
    from app.alarms.reading import open_alarms

    cli.open_database()
    found = open_alarms()
    if as_json:
        click.echo(json.dumps([alarm._asdict() | {"mute": alarm.mute and alarm.mute._asdict()} for alarm in found], indent=2))
        return
    for alarm in found:
        state = "muted" if alarm.mute else alarm.state
        click.echo(f"{alarm.number:>6} {state:<12} {alarm.rule_name}: {alarm.subject or alarm.dataset}: {alarm.detail}")


@alarms.command("export")
def export_all() -> None:
    """Print all rules as JSON, in the form that `import` reads."""
    from app.alarms.exchange import export_rules

    cli.open_database()
    click.echo(export_rules())


@alarms.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
def import_file(file: Path) -> None:
    """Store the rules of FILE, JSON or TOML, whole or not at all; rules of the same name are replaced, others stay."""
    from app.alarms.errors import InvalidAlarmRule
    from app.alarms.exchange import import_rules
    from app.security.audit_log import acting_user

    cli.open_database()
    try:
        counts = import_rules(file.read_text(encoding="utf-8-sig"), acting_user())
    except UnicodeDecodeError as error:
        raise click.ClickException(f"{file} cannot be read: {json_problem(error)}") from None
    except OSError as error:
        raise click.ClickException(f"{file} cannot be read: {error.strerror}") from None
    except InvalidAlarmRule as error:
        raise click.ClickException("No rule was stored\n" + "\n".join(f"{field}: {problem}" for field, problem in error.fields)) from None
    click.echo(f"{counted(counts.added, 'rule')} added, {counts.changed:,} changed, {counts.unchanged:,} unchanged")
