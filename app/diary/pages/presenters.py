"""What all pages of the diary share: badges of the states, names of jobs, and the state that links keep."""

from __future__ import annotations

from app.diary import states
from app.diary.models import DiaryJob
from app.web.badges import Badge
from app.web.zone_view import ZoneView, zone_from_request

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


class DiaryView(ZoneView):
    """State of the pages that all their links keep."""

    __slots__ = ()

    def job(self, job: DiaryJob) -> str:
        """The address of the page of a job."""
        return self.link(f"{PATH}/jobs/{job.id}")


def badge_of(state: str) -> Badge:
    """The badge of a state; of one that a newer version has stored, too."""
    return BADGES.get(state, Badge("unsure", "unsure", state))


def name_of(job: DiaryJob) -> str:
    """The name of a job, or its kind and id."""
    return job.name or f"{job.kind} {job.native_id}".strip()


def current_view() -> DiaryView:
    """The state that the address of the request has."""
    return DiaryView(zone_from_request())
