"""Names of trends and subsystems that users write, checked against the stored ones."""

from __future__ import annotations

from difflib import get_close_matches

from app.core.database import rows
from app.trends.errors import UnknownSelection
from app.trends.models import Trend


def check_trend_name(subsystem: str, name: str) -> None:
    """Raises `UnknownSelection`, with the nearest name, if no trend has this subsystem and name; empty texts stand for all."""
    known = rows(Trend.select(Trend.subsystem, Trend.name))
    subsystems = {each for each, _ in known}
    if subsystem and subsystem not in subsystems:
        raise UnknownSelection(f"There is no subsystem {subsystem} with trends{_nearest(subsystem, subsystems)}")
    names = {each for of, each in known if subsystem in ("", of)}
    if name and name not in names:
        of = f" of {subsystem}" if subsystem else ""
        raise UnknownSelection(f"There is no trend {name}{of}{_nearest(name, names)}")


def _nearest(name: str, names: set[str]) -> str:
    lower = {each.lower(): each for each in sorted(names)}
    near = get_close_matches(name.lower(), lower, 1, 0.5)
    return f"; the nearest is {lower[near[0]]}" if near else ""
