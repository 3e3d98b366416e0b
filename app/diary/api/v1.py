"""/api/v1/jobs: jobs as the list selects them, one job, reviews, states set by hand, and the states of the sources."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, jsonify, request

from app.diary.api.bodies import BULK_TEXTS, LISTS, MAX_BODY_BYTES, TEXTS, body_with, change_of, text_of, whole_number
from app.diary.api.documents import bulk_json, history_json, listed_jobs, review_json, source_json, whole_job
from app.diary.jobs import MAX_EVENTS, find_job, pin_state, release_state
from app.diary.models import DiaryBulkReview, DiaryJob
from app.diary.review import bulk, reviews
from app.diary.review.bulk_selection import SelectedJobs, selected_jobs
from app.diary.review.errors import ReviewConflict, UndoRefused
from app.diary.review.rights import batch_users, check_may_review, check_may_review_all, check_may_undo
from app.diary.search.find import count, facets, find
from app.diary.search.selection import ARGUMENTS, selection_of
from app.diary.sources.registry import configured_sources
from app.security import Role, needs
from app.security.caller import current_user
from app.security.guard import deny
from app.web import Problem, cached_json, request_settings
from app.web.arguments import check_arguments, choice_arg, int_arg

blueprint = Blueprint("diary_api", __name__, url_prefix="/api/v1/jobs")

DEFAULT_JOBS, MAX_JOBS = 50, 500
"""Jobs of one answer."""
MAX_PAGE = 20_000
MAX_BULKS = 100


@blueprint.before_request
def check_sender() -> None:
    """Changes need a token: reading without one may be allowed, but then nobody owns a job."""
    caller = current_user()
    if request.method in ("POST", "PUT", "DELETE") and not caller.name and caller.role < Role.SHIFTER:
        deny(Role.SHIFTER)


@blueprint.get("")
@needs(Role.VIEWER)
def list_jobs() -> Response:
    """The jobs that the same arguments select on the page, `limit` of them from `page` on, and how many there are."""
    check_arguments((*ARGUMENTS, "limit", "page", "digest", "facets"))
    selection, users = selection_of(request.args), batch_users(current_user())
    limit, number = max(int_arg("limit", DEFAULT_JOBS, MAX_JOBS), 1), max(int_arg("page", 1, MAX_PAGE), 1)
    jobs = listed_jobs(find(selection, users, limit, (number - 1) * limit))
    answer: dict[str, Any] = {"count": count(selection, users), "page": number, "limit": limit, "jobs": jobs}
    if choice_arg("digest", ("0", "1")) == "1":
        answer |= _expected_jobs(selected_jobs(selection, users))
    if choice_arg("facets", ("0", "1")) == "1":
        answer["facets"] = {field: dict(values.counts) for field, values in facets(selection, users).items()}
    return cached_json(answer)


@blueprint.get("/<int:number>")
@needs(Role.VIEWER)
def show_job(number: int) -> Response:
    """All that the diary has of a job."""
    return cached_json(whole_job(find_job(number)))


@blueprint.get("/<int:number>/history")
@needs(Role.VIEWER)
def show_history(number: int) -> Response:
    """The changes of a job, the newest first, `limit` of them, those before the change `before`."""
    limit, before = max(int_arg("limit", MAX_EVENTS, MAX_EVENTS), 1), int_arg("before", 0)
    return cached_json({"history": history_json(find_job(number), limit, before)})


@blueprint.post("/<int:number>/review")
@needs(Role.VIEWER)
def review(number: int) -> Response:
    """Change given fields of a review of the `version` that was read; 409 with the present review if somebody else was faster."""
    job = _reviewable_job(number)
    body = body_with("version", *TEXTS, *LISTS)
    change, version = change_of(body), whole_number(body, "version", "the whole number that came with the review")
    try:
        return cached_json(review_json(reviews.save_review(job.id, change, version, current_user().name)))
    except ReviewConflict as conflict:
        shape = Problem(409, str(conflict)).shape()
        answer = jsonify(shape | {"review": review_json(conflict.current)})
        answer.status_code = 409
        return answer


@blueprint.put("/<int:number>/state")
@needs(Role.VIEWER)
def pin(number: int) -> Response:
    """Set the state of a job by hand."""
    job = _reviewable_job(number)
    return cached_json(whole_job(pin_state(job.id, str(body_with("state").get("state", "")), current_user().name)))


@blueprint.delete("/<int:number>/state")
@needs(Role.VIEWER)
def release(number: int) -> Response:
    """Let a job have the state that its source reported again."""
    return cached_json(whole_job(release_state(_reviewable_job(number).id, current_user().name)))


@blueprint.get("/reviews")
@needs(Role.VIEWER)
def list_bulks() -> Response:
    """The newest bulk reviews."""
    return cached_json({"reviews": [bulk_json(row) for row in bulk.newest_bulks(MAX_BULKS)]})


@blueprint.post("/reviews")
@needs(Role.VIEWER)
def review_all() -> Response:
    """Review all jobs that the arguments select; `count` and `digest` are of those that the sender expects. 202 while a background job goes on."""
    request.max_content_length = MAX_BODY_BYTES
    check_arguments(ARGUMENTS)
    body = body_with("count", "digest", *BULK_TEXTS, *LISTS)
    change, expected = change_of(body), whole_number(body, "count", "the number of jobs that are selected")
    digest = text_of(body, "digest", "the digest that the list of these jobs has with digest=1")
    user, selection = current_user(), selection_of(request.args)
    check_may_review_all(user, selection)
    return _bulk_answer(bulk.review_all(selection, batch_users(user), change, user.name, expected, digest))


@blueprint.get("/reviews/<int:number>")
@needs(Role.VIEWER)
def show_bulk(number: int) -> Response:
    """A bulk review and how far it is."""
    return cached_json(bulk_json(_bulk(number)))


@blueprint.delete("/reviews/<int:number>")
@needs(Role.VIEWER)
def undo_bulk(number: int) -> Response:
    """Give the jobs of a bulk review their earlier reviews, unless they were changed since."""
    check_may_undo(current_user(), _bulk(number))
    return _bulk_answer(bulk.undo_bulk(number, current_user().name))


@blueprint.get("/sources")
@needs(Role.VIEWER)
def list_sources() -> Response:
    """The state of each source, and the configurations that cannot be used."""
    configured = configured_sources(request_settings())
    problems = [{"name": problem.name, "reason": problem.reason} for problem in configured.problems]
    return cached_json({"sources": [source_json(source) for source in configured.sources], "problems": problems})


def _reviewable_job(number: int) -> DiaryJob:
    """A job that the sender may review."""
    request.max_content_length = MAX_BODY_BYTES
    job = find_job(number)
    check_may_review(current_user(), job)
    return job


def _expected_jobs(jobs: SelectedJobs) -> dict[str, Any]:
    """What a bulk review of these jobs sends: read at the same moment."""
    return {"count": jobs.count, "digest": jobs.digest}


def _bulk(number: int) -> DiaryBulkReview:
    try:
        return bulk.find_bulk(number)
    except UndoRefused as error:
        raise Problem(404, str(error)) from error


def _bulk_answer(row: DiaryBulkReview) -> Response:
    answer = cached_json(bulk_json(row), 202 if bulk.is_open(row) else 200)
    answer.headers["Location"] = f"{request.script_root}/api/v1/jobs/reviews/{row.id}"
    return answer
