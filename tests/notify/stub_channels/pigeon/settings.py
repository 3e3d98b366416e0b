"""Settings of pigeons."""

from __future__ import annotations

from dataclasses import dataclass

from app.core.event_sources import PROBLEMS, check_kinds
from app.core.settings.table import setting, settings_table


@settings_table
@dataclass(frozen=True)
class PigeonSettings:
    """Settings of pigeons."""

    notify_pigeon_loft: str = setting("", "Folder in which each message becomes a file; empty: no pigeon.")
    notify_pigeon_kinds: tuple[str, ...] = setting((PROBLEMS,), "Kinds of events, or `problems`, or `all`.", check_kinds)


TABLE = PigeonSettings
