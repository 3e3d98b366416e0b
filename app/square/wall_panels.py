"""The panel of walls about DQM^2: the clients of the newest run."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from app.core.area import PanelOption, WallPanel
from app.square.systems import DEFAULT_SYSTEM, SYSTEMS


def _context(options: Mapping[str, Any]) -> Mapping[str, Any]:
    from app.square.pages.wall import context

    return context(options)


def _problems(options: Mapping[str, Any]) -> Iterable[tuple[str, str]]:
    if options["system"] not in SYSTEMS:
        yield "system", f"Expected one of {', '.join(SYSTEMS)}"


CLIENTS = WallPanel(
    "clients",
    "DQM^2",
    "square/wall_clients.html",
    _context,
    (
        PanelOption("system", f"System of DQM^2: {', '.join(SYSTEMS)}.", DEFAULT_SYSTEM),
        PanelOption("old_s", "Age in s from which a report of a running client is shown in grey as old.", 180, 10, 86400),
    ),
    _problems,
)
