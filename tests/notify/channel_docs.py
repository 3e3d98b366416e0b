"""What the documentation of a channel lacks."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path

from app.core.settings import reference
from app.notify.channels import channel_tables


def undocumented() -> list[str]:
    """What README.md of each channel lacks: a heading, or the settings at its end."""
    missing = []
    for kind, table in channel_tables():
        file = import_module(f"app.notify.channels.{kind}").__file__
        assert file
        readme, settings = Path(file).with_name("README.md"), reference([("Settings", table)])
        text = readme.read_text(encoding="utf-8") if readme.exists() else ""
        missing += [] if text.startswith("# ") else [f"{kind}/README.md must begin with a heading"]
        missing += [] if text.endswith(f"\n{settings}") else [f"{kind}/README.md must end with:\n\n{settings}"]
    return missing
