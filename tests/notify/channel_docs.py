"""What the documentation of a channel lacks."""

from __future__ import annotations

from dataclasses import fields
from importlib import import_module
from pathlib import Path

from app.notify.channels import channel_tables


def undocumented() -> list[str]:
    """The channels without a README.md with a heading, and the settings that it does not name."""
    missing = []
    for kind, table in channel_tables():
        file = import_module(f"app.notify.channels.{kind}").__file__
        assert file
        readme = Path(file).with_name("README.md")
        text = readme.read_text(encoding="utf-8") if readme.exists() else ""
        missing += [] if text.startswith("# ") else [f"{kind}/README.md"]
        missing += [row.name for row in fields(table) if f"`{row.name}`" not in text]
    return missing
