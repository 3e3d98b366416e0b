"""What the query of a DQM^2 page says: the system, and the zone in which times are shown."""

from __future__ import annotations

from typing import NamedTuple
from urllib.parse import urlencode

from flask import request
from markupsafe import Markup

from app.square.models import SYSTEMS
from app.web.arguments import choice_arg
from app.web.clock import ZONES, time_html


class ViewState(NamedTuple):
    """State of a page that all its links keep."""

    system: str  # production or playback
    tz: str  # a key of ZONES

    def link(self, path: str, **query: object) -> str:
        """An address of this product that keeps the system and the zone."""
        state = {"system": self.system if self.system != SYSTEMS[0] else "", "tz": self.tz if self.tz != "cern" else ""}
        parts = {name: value for name, value in {**query, **state}.items() if value not in ("", None)}
        return request.script_root + path + ("?" + urlencode(parts) if parts else "")

    def replace(self, **change: str) -> ViewState:
        """The same state but for these fields."""
        return self._replace(**change)

    @property
    def zone(self) -> str:
        """The label of the zone."""
        return ZONES[self.tz]

    def time(self, at: float | None) -> Markup:
        """A moment, Unix s UTC, as text of the zone for people and of UTC for programs."""
        return time_html(at, self.tz)


def view_from_request() -> ViewState:
    """The system and zone of the query. Raises Problem 400."""
    return ViewState(choice_arg("system", SYSTEMS), choice_arg("tz", tuple(ZONES)))
