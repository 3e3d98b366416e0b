"""The settings for users: values in force, sample file, reference."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import fields
from typing import Any

from app.core.settings.table import Settings, setting_rows


def visible_values(settings: Settings) -> dict[str, Any]:
    """All settings with their values; "(set)" or "(not set)" for secrets."""
    values = {}
    for row in setting_rows():
        value = settings[row.name]
        values[row.name] = ("(set)" if value else "(not set)") if row.metadata["secret"] else value
    return values


def sample() -> str:
    """The sample configuration file: all settings with help and default, commented out."""
    lines = ["# Settings of DQM Hub. The commented lines show the defaults.", ""]
    for row in setting_rows():
        lines.append(f"# {row.metadata['help']}" + (" Secret." if row.metadata["secret"] else ""))
        lines.append(f"# {row.name} = {toml(row.default)}")
        lines.append("")
    return "\n".join(lines)


def reference(tables: Iterable[tuple[str, type]]) -> str:
    """The reference of settings in Markdown, for docs/operators/settings.md.

    Args:
        tables: Heading and table of each area.
    """
    parts = []
    for title, table in tables:
        lines = [f"## {title}", "", "| setting | default | meaning |", "| --- | --- | --- |"]
        for row in fields(table):
            default = "" if row.default in ("", ()) else f"`{toml(row.default)}`"
            secret = " Secret." if row.metadata["secret"] else ""
            lines.append(f"| `{row.name}` | {default} | {row.metadata['help']}{secret} |")
        parts.append("\n".join(lines) + "\n")
    return "\n".join(parts)


def toml(value: Any) -> str:
    """A value in TOML."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, tuple):
        return "[" + ", ".join(f'"{item}"' for item in value) + "]"
    return f'"{value}"' if isinstance(value, str) else str(value)
