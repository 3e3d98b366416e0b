"""Times on pages, as HTML."""

from __future__ import annotations

from datetime import UTC, datetime

from markupsafe import Markup

from app.core.zones import CERN

LAST_TIME = 2e11
"""Largest time, in Unix seconds, for which Python has a calendar."""


def time_html(at: float | None, tz: str, *, with_zone: bool = False) -> Markup:
    """A time as a `<time>` element, with the text in the time zone and the attribute in UTC.

    Args:
        at: Unix seconds UTC, or None if unknown.
        tz: A key of ZONES.
        with_zone: Name the zone, for pages that do not name it once for all times; it is always named in the hour that
            repeats in October.
    """
    if at is None:
        return Markup("–")
    if not 0 <= at < LAST_TIME:
        return Markup("{}").format(f"{at:g}")
    moment = datetime.fromtimestamp(at, UTC if tz == "utc" else CERN)
    is_ambiguous = moment.utcoffset() != moment.replace(fold=1 - moment.fold).utcoffset()
    form = "%Y-%m-%d %H:%M:%S %Z" if with_zone or is_ambiguous else "%Y-%m-%d %H:%M:%S"
    mark = Markup(" data-local") if tz == "local" else ""
    utc = datetime.fromtimestamp(at, UTC).isoformat(timespec="seconds")
    return Markup('<time datetime="{}"{}>{}</time>').format(utc, mark, moment.strftime(form))
