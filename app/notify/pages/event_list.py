"""The list of the events of all areas: its filters, which are in the address, and its rows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from markupsafe import Markup

from app.core.event_sources import event_kinds, event_systems
from app.core.zones import DEFAULT_ZONE, ZONES
from app.notify.messages import path_of
from app.notify.models import Notification
from app.notify.pages.rows import NotificationRow, notification_rows
from app.web.arguments import LARGEST_RUN
from app.web.clock import time_html
from app.web.fields import FieldProblem, Fields
from app.web.links import NavLink, link

PATH = "/events"

FIELDS = ("system", "kind", "problems", "before", "tz", "since")
"""Fields of its address; `since` is for polls."""


class EventsView(NamedTuple):
    """What the list shows."""

    system: str  # "" for all
    kind: str  # "" for all
    only_problems: bool
    before: int  # only those with a lower number; 0 for the newest
    tz: str  # a key of ZONES
    problems: tuple[FieldProblem, ...] = ()  # of the address

    def link(self, path: str = PATH, **change: Any) -> str:
        """An address of this product: the list with changed fields, or another page in the same zone."""
        tz = "" if self.tz == DEFAULT_ZONE else self.tz
        if path != PATH:
            return link(path, {**change, "tz": tz})
        state = {"system": self.system, "kind": self.kind, "problems": "1" if self.only_problems else "", "before": self.before or ""}
        return link(path, {**state, "tz": tz, **change})

    @property
    def address(self) -> str:
        """The address of the list with these fields."""
        return self.link()

    def link_of(self, row: Notification) -> str:
        """The address of the page about an event in the area that it comes from; "" for none."""
        path = path_of(row)
        return self.link(path) if path else ""

    @property
    def zone(self) -> str:
        """The label of the zone."""
        return ZONES[self.tz]

    def time(self, at: float | None) -> Markup:
        """A moment, Unix s UTC."""
        return time_html(at, self.tz)

    @property
    def zone_links(self) -> list[NavLink]:
        """Links to the same list in each time zone."""
        return [NavLink(name, self._replace(tz=name).link(), name == self.tz) for name in ZONES]

    @property
    def is_filtered(self) -> bool:
        """Whether some events are left out."""
        return bool(self.system or self.kind or self.only_problems)


def parse_view(query: str) -> EventsView:
    """The view of an address. query: percent-encoded."""
    fields = Fields(query, switches=("problems",))
    view = EventsView(
        fields.choice("system", ("", *event_systems()), ""),
        fields.choice("kind", ("", *(kind.name for kind in event_kinds())), ""),
        fields.switch("problems"),
        fields.whole("before", 0, 0, LARGEST_RUN),
        fields.choice("tz", tuple(ZONES), DEFAULT_ZONE),
    )
    fields.refuse_unknown(FIELDS, "lists of events")
    return view._replace(problems=tuple(fields.problems))


def event_rows(view: EventsView) -> Sequence[NotificationRow]:
    """The newest events of a view, one more than a page has if there are more; tests of channels are none."""
    kinds = [kind.name for kind in event_kinds() if (kind.is_problem or not view.only_problems) and view.kind in ("", kind.name)]
    chosen = Notification.select().where(Notification.kind.in_(kinds))
    return notification_rows(view.before, chosen.where(Notification.system == view.system) if view.system else chosen)
