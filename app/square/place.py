"""What the address of a DQM^2 page says beside its path: the system, and in which zone times are shown."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import NamedTuple
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from flask import request
from markupsafe import Markup

from app.square.models import SYSTEMS
from app.web import Problem

CERN = ZoneInfo("Europe/Zurich")
ZONES = {"cern": "Europe/Zurich", "utc": "UTC", "local": "of this browser"}
"""The zones in which times can be shown, by `tz=`; what is not known of the last a script puts in."""

LARGEST_RUN = 2**62

LAST_TIME = 2e11
"""Of later ones there is no calendar."""


class Place(NamedTuple):
    """system: production or playback; tz: a key of ZONES."""

    system: str
    tz: str

    def link(self, path: str, **query: object) -> str:
        """An address of this wing that keeps the system and the zone."""
        kept = {"system": self.system if self.system != SYSTEMS[0] else "", "tz": self.tz if self.tz != "cern" else ""}
        given = {name: value for name, value in {**query, **kept}.items() if value not in ("", None)}
        return request.script_root + path + ("?" + urlencode(given) if given else "")

    def but(self, **change: str) -> Place:
        return self._replace(**change)

    @property
    def zone(self) -> str:
        return ZONES[self.tz]

    def time(self, at: float | None) -> Markup:
        """A moment, Unix s UTC, as text of its zone for people and of UTC for programs."""
        if at is None:
            return Markup("–")
        if not 0 <= at < LAST_TIME:
            return Markup("{}").format(f"{at:g}")
        moment = datetime.fromtimestamp(at, UTC if self.tz == "utc" else CERN)
        twice = moment.utcoffset() != moment.replace(fold=1 - moment.fold).utcoffset()  # in the night that has an hour more
        form = "%Y-%m-%d %H:%M:%S %Z" if twice else "%Y-%m-%d %H:%M:%S"
        mark = Markup(" data-local") if self.tz == "local" else ""
        return Markup('<time datetime="{}"{}>{}</time>').format(
            datetime.fromtimestamp(at, UTC).isoformat(timespec="seconds"), mark, moment.strftime(form)
        )


def asked() -> Place:
    """The system and zone that the address names."""
    return Place(_one_of("system", SYSTEMS), _one_of("tz", tuple(ZONES)))


def _one_of(name: str, allowed: tuple[str, ...]) -> str:
    given = request.args.get(name, allowed[0])
    if given not in allowed:
        raise Problem(400, f"there is no {name} {given!r}", [(name, "one of " + ", ".join(allowed))])
    return given


def number(name: str, default: int, most: int = LARGEST_RUN) -> int:
    """A whole number of the address."""
    given = request.args.get(name, "")
    if not given:
        return default
    if not (given.isascii() and given.isdecimal() and len(given) < 20 and int(given) <= most):
        raise Problem(400, f"{name} cannot be used", [(name, "a whole number is expected")])
    return int(given)


def checked_run(run: int) -> int:
    """A run number that a table can hold."""
    if run > LARGEST_RUN:
        raise Problem(404, "there is no run of so large a number")
    return run
