"""The state of a DQM^2 page in its query: the system, and the zone in which times are shown."""

from __future__ import annotations

from typing import NamedTuple

from flask import request
from markupsafe import Markup

from app.core.zones import DEFAULT_ZONE, ZONES
from app.square.job_documents import find_job
from app.square.models import Job
from app.square.systems import DEFAULT_SYSTEM, SYSTEM_LABELS, SYSTEMS
from app.web.arguments import choice_arg, parse_int
from app.web.clock import time_html
from app.web.links import NavLink, link


class ViewState(NamedTuple):
    """State of a page that all its links keep."""

    system: str  # a name of SYSTEMS
    tz: str  # a key of ZONES

    def link(self, path: str, **query: object) -> str:
        """An address of this product that keeps the system and the zone; empty values are left out."""
        state = {"system": "" if self.system == DEFAULT_SYSTEM else self.system, "tz": "" if self.tz == DEFAULT_ZONE else self.tz}
        return link(path, {**query, **state})

    def of_system(self, system: str) -> ViewState:
        """The same state for a system; for any other name, such as a cluster, this state."""
        return self._replace(system=system) if system in SYSTEMS else self

    @property
    def is_default_system(self) -> bool:
        """Whether addresses leave the system out."""
        return self.system == DEFAULT_SYSTEM

    @property
    def zone(self) -> str:
        """The label of the zone."""
        return ZONES[self.tz]

    def time(self, at: float | None) -> Markup:
        """A time, Unix s UTC, as text of the zone for people and of UTC for programs."""
        return time_html(at, self.tz)

    def system_links(self, path: str) -> list[NavLink]:
        """A link for each system to the same path."""
        return [NavLink(label, self._replace(system=name).link(path), name == self.system) for name, label in SYSTEM_LABELS.items()]

    def zone_links(self, path: str, **query: object) -> list[NavLink]:
        """A link for each zone to the same page, labelled with the key of the zone."""
        return [NavLink(name, self._replace(tz=name).link(path, **query), name == self.tz) for name in ZONES]


def view_from_request() -> ViewState:
    """The system and zone of the query. Raises Problem 400."""
    return ViewState(choice_arg("system", SYSTEMS), choice_arg("tz", tuple(ZONES)))


def job_from_request(view: ViewState) -> Job:
    """The job with the key in the query. Raises UnknownJob."""
    return find_job(view.system, request.args.get("key", ""))


def old_bookmark() -> str:
    """The address here for one of the original mirror with `?run=` and `?db=`."""
    run, system = request.args.get("run", ""), request.args.get("db", DEFAULT_SYSTEM)
    view = ViewState(system if system in SYSTEMS else DEFAULT_SYSTEM, DEFAULT_ZONE)
    return view.link("/square" if parse_int(run) is None else f"/square/runs/{run}")
