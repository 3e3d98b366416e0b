"""State of the pages of alarms, which their addresses hold."""

from __future__ import annotations

from typing import NamedTuple

from flask import request
from markupsafe import Markup

from app.core.zones import DEFAULT_ZONE, ZONES
from app.web.clock import time_html
from app.web.fields import FieldProblem, Fields
from app.web.links import NavLink, link

PATH = "/alarms"

UNACKNOWLEDGED, ACKNOWLEDGED, MUTED = "unacknowledged", "acknowledged", "muted"
SHOWN_STATES = ("", UNACKNOWLEDGED, ACKNOWLEDGED, MUTED)
"""Values of `state`: which open alarms are shown, "" for all."""

LARGEST_NUMBER = 2**31 - 1
"""Greatest number of a row."""

_ZONES = (DEFAULT_ZONE, *(name for name in ZONES if name != DEFAULT_ZONE))
_FIELDS = ("subsystem", "state", "rule", "before", "tz", "since", "changed", "selected")


class AlarmsView(NamedTuple):
    """What a page of alarms shows."""

    subsystem: str = ""  # only its rules; "" for all
    state: str = ""  # one of SHOWN_STATES
    rule: int = 0  # only the alarms of this rule, all of them; 0 for all rules
    before: int = 0  # the page of a rule has the notices with smaller numbers; 0 for the newest
    tz: str = DEFAULT_ZONE  # a key of ZONES
    changed: int = 0  # of the alarms that somebody selected just now, those that were changed
    selected: int = 0  # 0 if all were
    problems: tuple[FieldProblem, ...] = ()  # of the address of the request

    def link(self, path: str = PATH, **query: object) -> str:
        """An address of this product with this state; without what was done just now."""
        state = {
            "subsystem": self.subsystem,
            "state": self.state,
            "rule": self.rule or "",
            "before": self.before or "",
            "tz": "" if self.tz == DEFAULT_ZONE else self.tz,
        }
        return link(path, state | query)

    @property
    def address(self) -> str:
        """The address of the list with this state."""
        return self.link()

    def page_link(self, path: str, **query: object) -> str:
        """The address of another page of alarms, with the time zone alone."""
        return AlarmsView(tz=self.tz).link(path, **query)

    def time(self, at: float | None) -> Markup:
        """A moment, Unix s UTC."""
        return time_html(at, self.tz)

    @property
    def zone(self) -> str:
        """The label of the zone."""
        return ZONES[self.tz]

    def zone_links(self, path: str = PATH) -> list[NavLink]:
        """A link for each zone to the same page."""
        return [NavLink(name, self._replace(tz=name).link(path), name == self.tz) for name in ZONES]


def view_from_request() -> AlarmsView:
    """The state in the query of the request; what is wrong in it is left out and named in `problems`."""
    fields = Fields(request.query_string.decode("latin-1"))
    view = AlarmsView(
        subsystem=fields.text("subsystem"),
        state=fields.choice("state", SHOWN_STATES, ""),
        rule=fields.whole("rule", 0, 1, LARGEST_NUMBER),
        before=fields.whole("before", 0, 1, LARGEST_NUMBER),
        changed=fields.whole("changed", 0, 0, LARGEST_NUMBER),
        selected=fields.whole("selected", 0, 1, LARGEST_NUMBER),
        tz=fields.choice("tz", _ZONES, DEFAULT_ZONE),
    )
    fields.refuse_unknown(_FIELDS, "pages of alarms")
    return view._replace(problems=tuple(fields.problems))
