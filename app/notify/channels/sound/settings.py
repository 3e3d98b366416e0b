"""Settings of the sound server."""

from __future__ import annotations

from dataclasses import dataclass

from app.core.event_sources import PROBLEMS, check_kinds
from app.core.settings.checks import host_and_port
from app.core.settings.table import setting, settings_table


@settings_table
@dataclass(frozen=True)
class SoundSettings:
    """Settings of the sound server."""

    notify_sound: str = setting("", "Sound server of the control room (CMS-WOW), host:port; empty: no sound.", host_and_port)
    notify_sound_kinds: tuple[str, ...] = setting((PROBLEMS,), "Kinds of events, or `problems`, or `all`.", check_kinds)


TABLE = SoundSettings
