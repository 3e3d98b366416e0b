"""Time zones of `?tz=`, in which pages show times and searches read them."""

from __future__ import annotations

from zoneinfo import ZoneInfo

CERN = ZoneInfo("Europe/Zurich")

ZONES = {"cern": "Europe/Zurich", "utc": "UTC", "local": "of this browser"}
"""The zones with their labels; a script of the page fills in local times."""

DEFAULT_ZONE = "cern"
"""The zone of an address that names none."""
