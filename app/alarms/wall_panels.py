"""The panel of walls with the open alarms."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from app.core.area import PanelOption, WallPanel


def _context(options: Mapping[str, Any]) -> Mapping[str, Any]:
    from app.alarms.pages.alarm_groups import badge_of
    from app.alarms.reading import open_alarms

    wanted = options["subsystem"].casefold()
    found = [alarm for alarm in open_alarms() if wanted in ("", alarm.subsystem.casefold())]
    return {"rows": [(alarm, badge_of(alarm)) for alarm in found], "to_look_at": sum(alarm.is_unacknowledged for alarm in found)}


ALARMS = WallPanel(
    "alarms",
    "Alarms",
    "alarms/wall_alarms.html",
    _context,
    (PanelOption("subsystem", "Only the alarms of this subsystem.", ""),),
)
