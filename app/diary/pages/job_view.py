"""The state that links of the pages of one job keep: the time zone, and the list from which the reader came."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import parse_qsl, urlencode

from flask import request
from markupsafe import Markup

from app.diary.models import DiaryJob
from app.diary.pages.presenters import PATH, DiaryView, current_view
from app.web.links import NavLink

MAX_LIST = 2000
"""Letters of the query of a list that links keep; a longer one would be another list without its end."""


@dataclass(frozen=True)
class JobView:
    """State of the pages of a job.

    Attributes:
        base: What all pages of the diary keep.
        list_query: Query of the list; "" for none.
    """

    base: DiaryView
    list_query: str

    def link(self, path: str, **query: object) -> str:
        """An address of this product with this state."""
        return self.base.link(path, **query, list=self.list_query)

    def job(self, job: DiaryJob, page: str = "", **query: object) -> str:
        """The address of the page of a job, or of one below it, such as /log."""
        return self.link(f"{PATH}/jobs/{job.id}{page}", **query)

    def jobs(self, **field: str) -> str:
        """The address of the list of the jobs with this value of a field."""
        return self.base.link(PATH, **field)

    @property
    def back(self) -> str:
        """The address of the list."""
        return self.base.link(f"{PATH}?{self.list_query}" if self.list_query else PATH)

    def zone_links(self, path: str, **query: object) -> list[NavLink]:
        """Links to the same page in each time zone."""
        return self.base.zone_links(path, **query, list=self.list_query)

    @property
    def tz(self) -> str:
        """Key of the zone."""
        return self.base.tz

    @property
    def zone(self) -> str:
        """The label of the zone."""
        return self.base.zone

    def time(self, at: float | None) -> Markup:
        """A moment, Unix s UTC."""
        return self.base.time(at)


def job_view() -> JobView:
    """The state that the address of the request has."""
    query = request.args.get("list", "")
    kept = parse_qsl(query) if len(query) <= MAX_LIST else []
    return JobView(current_view(), urlencode([(name, value) for name, value in kept if name != "tz"]))
