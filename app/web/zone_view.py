"""The state of pages whose links keep the time zone alone."""

from __future__ import annotations

from typing import NamedTuple

from flask import request
from markupsafe import Markup

from app.core.zones import DEFAULT_ZONE, ZONES
from app.web.clock import time_html
from app.web.links import NavLink, link


class ZoneView(NamedTuple):
    """State of a page that all its links keep: the zone in which it shows times."""

    tz: str  # a key of ZONES

    def link(self, path: str, **query: object) -> str:
        """An address of this product with this state; empty values are left out."""
        return link(path, {**query, "tz": "" if self.tz == DEFAULT_ZONE else self.tz})

    def zone_links(self, path: str, **query: object) -> list[NavLink]:
        """Links to the same page in each time zone, labelled with the key of the zone."""
        return [NavLink(name, self._replace(tz=name).link(path, **query), name == self.tz) for name in ZONES]

    @property
    def zone(self) -> str:
        """The label of the zone."""
        return ZONES[self.tz]

    def time(self, at: float | None) -> Markup:
        """A moment, Unix s UTC."""
        return time_html(at, self.tz)


def zone_from_request() -> str:
    """The zone that the address of the request names; the default one if it names none or an unknown one."""
    tz = request.args.get("tz", "")
    return tz if tz in ZONES else DEFAULT_ZONE
