"""Forms of the page of a job: its review with a preview, undo, and its state set by hand."""

from __future__ import annotations

from dataclasses import replace

from flask import Blueprint, Response, make_response, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from app.diary import jobs
from app.diary.models import DiaryEvent, DiaryJob
from app.diary.pages.job import job_page
from app.diary.pages.job_parts import notes_html
from app.diary.pages.job_view import job_view
from app.diary.pages.presenters import PATH
from app.diary.pages.review_form import ReviewForm, form_after_conflict, form_with_change, sent_form
from app.diary.review import reviews
from app.diary.review.errors import BadReview, ReviewConflict, ReviewForbidden, UndoRefused
from app.diary.review.review import FIELDS, Review
from app.diary.review.rights import check_may_review
from app.diary.review.tags import completions
from app.security import Role, needs
from app.security.caller import current_user
from app.web import is_fragment
from app.web.arguments import parse_int
from app.web.responses import ContentResponse

blueprint = Blueprint("diary_job_review", __name__)

MAX_FORM_BYTES = 512 * 1024
"""Notes in two copies, percent-encoded."""


@blueprint.post(f"{PATH}/jobs/<int:number>/review")
@needs(Role.PUBLIC)
def save(number: int) -> AnyResponse:
    """Store a review. What cannot be stored, or was changed by somebody else, comes back in the form; texts also without a session."""
    request.max_content_length = MAX_FORM_BYTES
    if current_user().role < Role.VIEWER:
        return _signed_out(number)
    job, form = jobs.find_job(number), _sent(number)
    try:
        check_may_review(current_user(), job)
        saved = reviews.save_review(job.id, form.change(), form.version, current_user().name)
    except ReviewForbidden as error:  # such as after the end of a session
        return _answer(job, replace(form, problems=[("review", str(error))]), 403)
    except BadReview as error:
        return _answer(job, replace(form, problems=error.fields), 400)
    except ReviewConflict as conflict:
        return _answer(job, form_after_conflict(form, conflict.current), 409)
    return _to_job(job, saved)


@blueprint.post(f"{PATH}/jobs/<int:number>/review/preview")
@needs(Role.PUBLIC)
def preview(number: int) -> AnyResponse:
    """The notes as they will look: alone for htmx, otherwise on the page with the form as it is."""
    request.max_content_length = MAX_FORM_BYTES
    if current_user().role < Role.VIEWER:
        return _signed_out(number)
    job = _reviewable_job(number)
    if is_fragment():
        return ContentResponse(render_template("diary/notes.html", notes=notes_html(request.form.get("notes", ""))))
    return _answer(job, _sent(number), 200)


@blueprint.get(f"{PATH}/jobs/<int:number>/review")
@blueprint.get(f"{PATH}/jobs/<int:number>/review/preview")
@needs(Role.VIEWER)
def show_review(number: int) -> AnyResponse:
    """The page of the job: these are addresses of forms, which a browser may open again."""
    return redirect(job_view().job(jobs.find_job(number)) + "#review", 303)


@blueprint.post(f"{PATH}/jobs/<int:number>/undo")
@needs(Role.VIEWER)
def undo(number: int) -> AnyResponse:
    """Give a field of the review the value that it had before a change."""
    job, event = _reviewable_job(number), parse_int(request.form.get("event", ""), 2**31 - 1)
    row: DiaryEvent | None = DiaryEvent.get_or_none(DiaryEvent.id == event, DiaryEvent.job == job.id)
    if row is None:
        raise UndoRefused("The history of this job has no such change")
    try:
        return _to_job(job, reviews.undo(row.id, current_user().name))
    except ReviewConflict as conflict:
        return _answer(job, form_with_change(conflict.change, row.field, conflict.current), 409)


@blueprint.post(f"{PATH}/jobs/<int:number>/state")
@needs(Role.VIEWER)
def set_state(number: int) -> AnyResponse:
    """Set the state of a job by hand, or restore the state of its source."""
    job, user = _reviewable_job(number), current_user().name
    if "release" in request.form:
        jobs.release_state(job.id, user)
    else:
        jobs.pin_state(job.id, request.form.get("state", ""), user)
    return redirect(job_view().job(job), 303)


TAG_FIELDS = ("tags", "add_tags", "remove_tags")
"""Names of the fields for tags: of the review of a job and of bulk reviews."""


@blueprint.get(f"{PATH}/tags")
@needs(Role.VIEWER)
def tag_choices() -> Response:
    """Completions of the last tag of a text, as options that have the whole text."""
    typed = next((request.args[name] for name in TAG_FIELDS if name in request.args), "")
    before, _, last = typed.replace(",", " ").rpartition(" ")
    chosen = before.split()
    found = [tag for tag in completions(last) if tag not in chosen]
    return ContentResponse(render_template("diary/tag_choices.html", choices=[(" ".join([*chosen, tag]), tag) for tag in found]))


def _reviewable_job(number: int) -> DiaryJob:
    """The job, if the user may review it. Raises UnknownDiaryJob, ReviewForbidden."""
    request.max_content_length = MAX_FORM_BYTES
    job = jobs.find_job(number)
    check_may_review(current_user(), job)
    return job


def _signed_out(number: int) -> Response:
    """What somebody has written whose session has ended, and nothing of the job. Keeps the page with the form if htmx sent it."""
    sign_in = url_for("account.sign_in", next=f"{PATH}/jobs/{number}")
    if is_fragment():
        return ContentResponse(render_template("diary/signed_out_hint.html", sign_in=sign_in))
    texts = {name: request.form.get(name, "") for name in FIELDS}
    answer = make_response(render_template("diary/signed_out.html", texts=texts, sign_in=sign_in), 403)
    answer.headers["Cache-Control"] = "no-store"
    return answer


def _sent(number: int) -> ReviewForm:
    return sent_form(request.form, reviews.review_of(number))


def _answer(job: DiaryJob, form: ReviewForm, status: int) -> Response:
    """The page of the job with a form that is not stored."""
    answer = job_page(job, form)
    answer.status_code = status
    return answer


def _to_job(job: DiaryJob, saved: Review) -> AnyResponse:
    return redirect(job_view().job(job, saved=saved.version) + "#review", 303)
