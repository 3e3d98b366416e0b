"""Upgrades an installation: backup, migrations, switch of the release, health check, and the way back when one of them fails."""

from __future__ import annotations

from app.ops.upgrade.errors import UpgradeError
from app.ops.upgrade.running import go_back, upgrade
from app.ops.upgrade.state import UpgradeState, forget_state, load_state

__all__ = ["UpgradeError", "UpgradeState", "forget_state", "go_back", "load_state", "upgrade"]
