"""Settings of walls."""

from __future__ import annotations

from dataclasses import dataclass

from app.core.settings.checks import between, networks
from app.core.settings.table import setting, settings_table


@settings_table
@dataclass(frozen=True)
class WallSettings:
    """Settings of walls."""

    wall_networks: tuple[str, ...] = setting((), "Networks whose screens see walls, and no other page, without an account.", networks)
    wall_refresh_s: float = setting(5.0, "Refresh interval of walls, s.", between(1, 60))
