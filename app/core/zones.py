"""Time zones of `?tz=`, in which pages show times and searches read them."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

CERN = ZoneInfo("Europe/Zurich")

ZONES = {"cern": "Europe/Zurich", "utc": "UTC", "local": "of this browser"}
"""The zones with their labels; a script of the page fills in local times."""

DEFAULT_ZONE = "cern"
"""The zone of an address that names none."""


def time_text(at: float, form: str = "%Y-%m-%d %H:%M:%S") -> str:
    """A time, in Unix s UTC, in a sentence for people: in Swiss time as on the pages, with its zone.

    >>> time_text(1666000000)
    '2022-10-17 11:46:40 CEST'
    """
    return f"{datetime.fromtimestamp(at, CERN):{form} %Z}"
