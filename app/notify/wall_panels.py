"""The panel of walls with the newest notifications."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from app.core.area import PanelOption, WallPanel


def _context(options: Mapping[str, Any]) -> Mapping[str, Any]:
    from app.core.event_sources import event_kinds
    from app.notify.models import NEWEST_FIRST, Notification

    problems = {kind.name for kind in event_kinds() if kind.is_problem}
    query = Notification.select().order_by(*NEWEST_FIRST).limit(options["count"])
    if options["problems_only"]:
        query = query.where(Notification.kind.in_(sorted(problems)))
    return {"rows": list(query), "problems": problems, "is_problems_only": bool(options["problems_only"])}


NOTICES = WallPanel(
    "notices",
    "Newest events",
    "notify/wall_notices.html",
    _context,
    (
        PanelOption("count", "Number of events.", 12, 1, 50),
        PanelOption("problems_only", "1: only events that somebody should look at; 0: all.", 0, 0, 1),
    ),
)
