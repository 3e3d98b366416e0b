"""Times on pages: the zone in which they are shown, and their text."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from markupsafe import Markup

CERN = ZoneInfo("Europe/Zurich")

ZONES = {"cern": "Europe/Zurich", "utc": "UTC", "local": "of this browser"}
"""The zones of `?tz=` with their labels; a script of the page fills in local times."""

LAST_TIME = 2e11
"""Unix s from which on the calendar of Python ends."""


def time_html(at: float | None, tz: str) -> Markup:
    """A moment as a `<time>` element: text in the zone for people, UTC in its attribute for programs.

    Args:
        at: Unix s UTC, or None where the moment is unknown.
        tz: A key of ZONES.
    """
    if at is None:
        return Markup("–")
    if not 0 <= at < LAST_TIME:
        return Markup("{}").format(f"{at:g}")
    moment = datetime.fromtimestamp(at, UTC if tz == "utc" else CERN)
    is_ambiguous = moment.utcoffset() != moment.replace(fold=1 - moment.fold).utcoffset()  # the hour that comes twice in October
    form = "%Y-%m-%d %H:%M:%S %Z" if is_ambiguous else "%Y-%m-%d %H:%M:%S"
    mark = Markup(" data-local") if tz == "local" else ""
    utc = datetime.fromtimestamp(at, UTC).isoformat(timespec="seconds")
    return Markup('<time datetime="{}"{}>{}</time>').format(utc, mark, moment.strftime(form))
