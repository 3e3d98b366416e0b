"""The panel of walls with the open alarms."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from app.core.area import PanelOption, WallPanel

MOST = 50
"""Rows of the panel."""


def short_names(paths: Iterable[str]) -> dict[str, str]:
    """Names of plots for little room: the subsystem, whose experts are called, and the end that no other plot of it has."""
    from app.gui.pages.layout_tiles import distinct_names

    subsystems: dict[str, list[str]] = {}
    for path in paths:
        subsystems.setdefault(path.partition("/")[0], []).append(path)
    found = {}
    for subsystem, own in subsystems.items():
        ends = distinct_names(path.encode() for path in own)
        for path in own:
            end = ends[path.encode()]
            found[path] = path if len(f"{subsystem} … {end}") >= len(path) else f"{subsystem} … {end}"
    return found


def _context(options: Mapping[str, Any]) -> Mapping[str, Any]:
    from app.alarms.pages.alarm_groups import badge_of
    from app.alarms.reading import open_alarms

    wanted = options["subsystem"].casefold()
    found = [alarm for alarm in open_alarms() if wanted in ("", alarm.subsystem.casefold())]
    shown = found[:MOST]
    names = short_names({alarm.subject for alarm in shown})
    return {
        "rows": [(alarm, badge_of(alarm), names[alarm.subject]) for alarm in shown],
        "count": len(found),
        "to_look_at": sum(alarm.is_unacknowledged for alarm in found),
    }


ALARMS = WallPanel(
    "alarms",
    "Alarms",
    "alarms/wall_alarms.html",
    _context,
    (PanelOption("subsystem", "Only the alarms of this subsystem.", ""),),
)
