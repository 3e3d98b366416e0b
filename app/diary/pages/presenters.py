"""Contents of the pages of jobs."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, NamedTuple

from markupsafe import Markup

from app.diary import states
from app.diary.models import DiaryEvent, DiaryJob
from app.square.states import exit_words
from app.web.badges import Badge
from app.web.clock import DEFAULT_ZONE, ZONES, time_html
from app.web.frame import href
from app.web.links import NavLink, link

PATH = "/diary"

BADGES = {
    states.UNKNOWN: Badge("unsure", "unsure", "unknown", "The source does not say it, or in words that are not known."),
    states.PENDING: Badge("idle", "off", "pending", "The job waits for its start."),
    states.HELD: Badge("warning", "warning", "held", "The job is held back until somebody releases it."),
    states.RUNNING: Badge("ok", "run", "running", "The job runs."),
    states.DONE: Badge("idle", "ok", "done", "The job ended well."),
    states.FAILED: Badge("error", "error", "failed", "The job ended with an error."),
    states.CANCELLED: Badge("idle", "close", "cancelled", "Somebody ended the job."),
    states.LOST: Badge("warning", "unsure", "lost", "The source has not shown the unfinished job for some time; it may come again."),
}
"""The badges of the states, in the order of a life."""

FIELDS = {
    "machine_state": "state of the source",
    "exit_code": "exit code",
    "workdir": "folder",
    "submitted": "submission",
    "started": "start",
    "ended": "end",
}
"""Names of columns in the history that are not their own."""
OWN_PAGES = ("/square/", "/trends/")
"""Beginnings of the addresses of pages of jobs in this hub."""
TIMES = ("submitted", "started", "ended")


class DiaryView(NamedTuple):
    """State of the pages that all their links keep."""

    tz: str  # a key of ZONES

    def link(self, path: str, **query: object) -> str:
        """An address of this product with this state."""
        return link(path, {**query, "tz": "" if self.tz == DEFAULT_ZONE else self.tz})

    def job(self, job: DiaryJob) -> str:
        """The address of the page of a job."""
        return self.link(f"{PATH}/jobs/{job.id}")

    def zone_links(self, path: str, **query: object) -> list[NavLink]:
        """Links to the same page in each time zone."""
        return [NavLink(name, DiaryView(name).link(path, **query), name == self.tz) for name in ZONES]

    @property
    def zone(self) -> str:
        """The label of the zone."""
        return ZONES[self.tz]

    def time(self, at: float | None) -> Markup:
        """A moment, Unix s UTC."""
        return time_html(at, self.tz)


class ShownLog(NamedTuple):
    """A log of a job."""

    path: str
    kind: str
    address: str  # of its page in this hub, or ""


class ShownEvent(NamedTuple):
    """A row of the history."""

    at: float
    who: str
    what: str
    old: Any  # texts, or times as HTML
    new: Any


def badge_of(state: str) -> Badge:
    """The badge of a state; of one that a newer version has stored, too."""
    return BADGES.get(state, Badge("unsure", "unsure", state))


def name_of(job: DiaryJob) -> str:
    """The name of a job, or its kind and id."""
    return job.name or f"{job.kind} {job.native_id}".strip()


def exit_of(job: DiaryJob) -> str:
    """The exit code with the name of its signal, or the signal alone; "" if none is known."""
    if job.exit_code:
        return exit_words(job.exit_code)
    return exit_words(-job.signal) if job.signal else "" if job.exit_code is None else "0"


def logs_of(job: DiaryJob) -> list[ShownLog]:
    """The logs of a job; pages of this hub are links."""
    return [
        ShownLog(path, kind, href(path) if kind == "page" and path.startswith(OWN_PAGES) else "") for path, kind in job.value_of("logs")
    ]


def facts_of(values: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Names and texts of an object, by name."""
    return [(name, value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)) for name, value in sorted(values.items())]


def shown_event(row: DiaryEvent, view: DiaryView) -> ShownEvent:
    """A row of the history in words."""
    kind, _, who = row.actor.partition(":")
    old, new = (view.time(float(text)) if text and row.field in TIMES else text for text in (row.old, row.new))
    return ShownEvent(row.at, who if kind == "user" else f"source {who}", FIELDS.get(row.field, row.field), old, new)
