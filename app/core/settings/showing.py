"""The settings as people see them: with their values, and as a sample file."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import fields
from typing import Any

from app.core.settings.table import Settings, setting_rows


def shown(settings: Settings) -> dict[str, Any]:
    """Every setting with its value, secrets as "(set)" or "(not set)"."""
    values = {}
    for row in setting_rows():
        value = settings[row.name]
        values[row.name] = ("(set)" if value else "(not set)") if row.metadata["secret"] else value
    return values


def sample() -> str:
    """The sample configuration file: each setting with its help, commented out at its default."""
    lines = ["# DQM Hub: settings. Each line that is commented out shows the default.", ""]
    for row in setting_rows():
        lines.append(f"# {row.metadata['help']}" + (" Secret." if row.metadata["secret"] else ""))
        lines.append(f"# {row.name} = {toml(row.default)}")
        lines.append("")
    return "\n".join(lines)


def reference(tables: Iterable[tuple[str, type]]) -> str:
    """The tables of settings in Markdown, as in docs/operators/settings.md. tables: heading and table of each area."""
    parts = []
    for title, table in tables:
        lines = [f"## {title}", "", "| setting | default | what it is |", "| --- | --- | --- |"]
        for row in fields(table):
            default = "" if row.default in ("", ()) else f"`{toml(row.default)}`"
            secret = " Secret." if row.metadata["secret"] else ""
            lines.append(f"| `{row.name}` | {default} | {row.metadata['help']}{secret} |")
        parts.append("\n".join(lines) + "\n")
    return "\n".join(parts)


def toml(value: Any) -> str:
    """A value as TOML has it."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, tuple):
        return "[" + ", ".join(f'"{item}"' for item in value) + "]"
    return f'"{value}"' if isinstance(value, str) else str(value)
