"""What all pages of the diary share: badges of the states, names of jobs, and the state that links keep."""

from __future__ import annotations

from typing import NamedTuple

from flask import request
from markupsafe import Markup

from app.core.zones import DEFAULT_ZONE, ZONES
from app.diary import states
from app.diary.models import DiaryJob
from app.web.badges import Badge
from app.web.clock import time_html
from app.web.links import NavLink, link

PATH = "/diary"

BADGES = {
    states.UNKNOWN: Badge("unsure", "unsure", "unknown", "The source reports no state, or an unknown one."),
    states.PENDING: Badge("idle", "off", "pending", "The job is waiting to start."),
    states.HELD: Badge("warning", "warning", "held", "The job is held back until somebody releases it."),
    states.RUNNING: Badge("ok", "run", "running", "The job is running."),
    states.DONE: Badge("idle", "ok", "done", "The job ended well."),
    states.FAILED: Badge("error", "error", "failed", "The job ended with an error."),
    states.CANCELLED: Badge("idle", "close", "cancelled", "Somebody cancelled the job."),
    states.LOST: Badge("warning", "unsure", "lost", "The unfinished job has been missing from its source for some time; it may reappear."),
}
"""The badges of the states, in the order of a life."""

REVIEW_BADGES = {
    "open": Badge("unsure", "off", "open", "Nobody has looked at the job yet."),
    "ongoing": Badge("warning", "run", "ongoing", "Somebody is looking at the job."),
    "done": Badge("ok", "ok", "done", "The job was looked at."),
}
"""The badges of reviews, in their order."""

VERDICT_BADGES = {
    "ok": Badge("ok", "ok", "ok", "The result is good."),
    "not-ok": Badge("error", "error", "not ok", "The result is not good."),
    "issue": Badge("warning", "warning", "issue", "The job needs action."),
    "other": Badge("unsure", "unsure", "other", "See the notes."),
    "obsolete": Badge("idle", "close", "obsolete", "The job does not matter any more; lists show it only on demand."),
}
"""The badges of verdicts; without one there is none."""


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


def badge_of(state: str) -> Badge:
    """The badge of a state; of one that a newer version has stored, too."""
    return BADGES.get(state, Badge("unsure", "unsure", state))


def name_of(job: DiaryJob) -> str:
    """The name of a job, or its kind and id."""
    return job.name or f"{job.kind} {job.native_id}".strip()


def current_view() -> DiaryView:
    """The state that the address of the request has."""
    tz = request.args.get("tz", "")
    return DiaryView(tz if tz in ZONES else DEFAULT_ZONE)
