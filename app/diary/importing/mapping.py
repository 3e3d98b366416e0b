"""A job of CAE Job Diary as an observation, and what people wrote as a review."""

from __future__ import annotations

import posixpath
import re
from typing import Any

from app.core.text import one_line
from app.diary import states
from app.diary.importing.old_diary import OldJob
from app.diary.log_kinds import README, SUBMISSION_LOG
from app.diary.observations.observation import Observation, ParentKey
from app.diary.review.fields import MAX_NOTES, MAX_SUMMARY, MAX_TAGS
from app.diary.review.review import ReviewChange
from app.diary.review.tags import MAX_TAG

JOB_STATUS = {
    "non": (states.LOST, "none / undefined"),
    "pen": (states.PENDING, "pending"),
    "run": (states.RUNNING, "running"),
    "fin": (states.DONE, "finished"),
    "nor": (states.DONE, "normal termination"),
    "err": (states.DONE, "error termination"),
    "oth": (states.DONE, "other termination"),
}
"""What the original found, and its word for it; the last three were set by people, of jobs that had finished."""
PINNED = {"err": states.FAILED, "oth": states.FAILED}
"""States that people set."""
REVIEWS = {"opn": "open", "ong": "ongoing", "don": "done"}
VERDICTS = {"": "none", "ok": "ok", "nok": "not-ok", "oth": "other", "isu": "issue", "obs": "obsolete"}


def job_id(old: OldJob) -> str:
    """The id of a job. Raises ValueError."""
    number = old.values.get("job_id")
    if not isinstance(number, int) or isinstance(number, bool) or number < 0:
        raise ValueError(f"Its id is not a number: {str(number)[:40]!r}")
    return str(number)


def observation_of(old: OldJob, source: str, submitted: float, now: float) -> Observation:
    """A job as it was when the original changed it last. submitted: by which the diary knows it. Raises ValueError."""
    state, word = JOB_STATUS.get(old.text("job_status"), (states.UNKNOWN, old.text("job_status")))
    workdir, readme, log = old.text("job_dir"), old.text("readme_filename"), old.text("logfile_path")
    logs = [(log, SUBMISSION_LOG)] if log else []
    if workdir and readme:
        logs.append((posixpath.join(workdir, readme), README))
    facts: dict[str, Any] = {"folder": old.text("sub_dir"), "job_status": word}
    facts |= {name: old.text(name) for name in ("created", "updated") if old.text(name)}
    if old.user:
        facts |= {name: value for name, value in (("email", old.user.email), ("user name", old.user.name)) if value}
    return Observation(
        native_id=job_id(old),
        seen=min(old.time("updated") or old.time("created") or submitted or now, now),
        state=state,
        submitted=submitted,
        kind="simulation",
        name=old.text("main_name"),
        user=old.user.login if old.user else None,
        project=old.text("project"),
        workdir=workdir,
        labels={"solver": old.text("solver")} if old.text("solver") else None,
        logs=logs,
        parents=[ParentKey(source, str(number)) for number in old.base_runs],
        facts=facts,
    )


def review_of(old: OldJob) -> ReviewChange:
    """The review of a job: all fields. A summary of many lines, or a long one, stands whole in the notes."""
    notes, summary = as_markdown(old.text("info").rstrip()), old.text("result_summary").strip()
    line = _cut(one_line(summary.partition("\n")[0]), MAX_SUMMARY)
    if line != summary:
        notes = "\n\n".join(part for part in (notes, as_markdown(f"Result: {summary}")) if part)
    return ReviewChange(
        review=REVIEWS.get(old.text("analysis_status"), "open"),
        verdict=VERDICTS.get(old.text("result_assessment"), "none"),
        summary=line,
        notes=_cut(notes, MAX_NOTES),
        tags=tuple(tag for tag in (tag.removeprefix("#")[:MAX_TAG] for tag in old.tags) if tag)[:MAX_TAGS],
    )


def as_markdown(text: str) -> str:
    """A plain text as Markdown that shows its lines."""
    return re.sub(r"(?<=\S)[ \t]*\n(?=[ \t]*\S)", "  \n", text.replace("\r\n", "\n"))


def _cut(text: str, most: int) -> str:
    return text if len(text) <= most else text[: most - 1] + "…"
