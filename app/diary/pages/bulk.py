"""Bulk reviews: the form for all jobs of a list, its confirmation, and what was done, with undo."""

from __future__ import annotations

import time

from flask import Blueprint, Response, make_response, redirect, render_template, request
from werkzeug.wrappers import Response as AnyResponse

from app.core.text import counted
from app.diary.models import DiaryBulkReview, DiaryReview
from app.diary.pages.bulk_form import BulkForm, form_from_request
from app.diary.pages.list_choices import selected_of
from app.diary.pages.list_view import ListView, list_view
from app.diary.pages.presenters import PATH, REVIEW_BADGES, VERDICT_BADGES, current_view
from app.diary.review import bulk
from app.diary.review.bulk_selection import selected_jobs
from app.diary.review.errors import BadReview, SelectionChanged, UndoRefused
from app.diary.review.rights import batch_users, check_may_review_all, check_may_undo, may_undo
from app.diary.search.find import count, numbers
from app.diary.settings import DiarySettings
from app.security import Role, needs
from app.security.caller import current_user
from app.web import Problem, nothing_new, page, request_settings

blueprint = Blueprint("diary_bulk", __name__, url_prefix=f"{PATH}/bulk")

MAX_FORM_BYTES = 32 * 1024
SHOWN_BULKS = 100
OTHERS = {"summary": ("summary", "summaries"), "verdict": ("verdict", "verdicts")}
"""One and several of what a bulk review replaces."""


@blueprint.get("")
@needs(Role.VIEWER)
def list_bulks() -> str:
    """The bulk reviews, newest first."""
    view, now = current_view(), time.time()
    caller = current_user()
    found = [(row, bulk.words_of(row), may_undo(caller, row) and not bulk.undo_problem(row, now)) for row in bulk.newest_bulks(SHOWN_BULKS)]
    return render_template("diary/bulks.html", view=view, bulks=found, is_stopped=bulk.is_stopped, list_address=_list_address)


@blueprint.get("/new")
@needs(Role.VIEWER)
def new_bulk() -> Response:
    """The form: what is set in all jobs of the list."""
    lists = list_view()
    check_may_review_all(current_user(), lists.selection)
    return _form_page(lists, BulkForm())


@blueprint.post("/new")
@needs(Role.VIEWER)
def review_all() -> AnyResponse:
    """Show what would be changed; once it is confirmed and the jobs are still the same, change it."""
    request.max_content_length = MAX_FORM_BYTES
    caller, lists, form = current_user(), list_view(), form_from_request(request.form)
    check_may_review_all(caller, lists.selection)
    if not form.is_confirmed:
        return _form_page(lists, form, is_checked=not form.is_changed_again)
    try:
        row = bulk.review_all(lists.selection, batch_users(caller), form.change, caller.name, form.count or 0, form.digest)
    except SelectionChanged:
        return _form_page(lists, form, is_checked=True, status=409)
    except BadReview as error:
        return _form_page(lists, form, problems=error.fields, status=400)
    return redirect(lists.view.link(f"{PATH}/bulk/{row.id}"), 303)


@blueprint.get("/<int:number>")
@needs(Role.VIEWER)
def show_bulk(number: int) -> Response:
    """What a bulk review has done so far, and whether it can be undone."""
    row, view = _find(number), current_view()
    is_open, is_stopped = bulk.is_open(row), bulk.is_stopped(row)
    version = f"{is_stopped}-{row.reached}-{row.changed}-{row.finished}-{row.undone}-{row.restored}-{row.kept}-{row.undo_finished}"
    if answer := nothing_new(version):
        return answer
    return page(
        "diary/bulk.html",
        "diary/bulk_fragment.html",
        view=view,
        row=row,
        words=bulk.words_of(row),
        is_open=is_open,
        is_stopped=is_stopped,
        problem=bulk.undo_problem(row, time.time()),
        may_undo=may_undo(current_user(), row),
        list_address=_list_address(row),
        poll=view.link(f"{PATH}/bulk/{number}", since=version),
        poll_s=request_settings().of(DiarySettings).diary_refresh_s,
    )


@blueprint.post("/<int:number>/undo")
@needs(Role.VIEWER)
def undo(number: int) -> AnyResponse:
    """Give the jobs their earlier reviews. Answers 409 if it is too late."""
    check_may_undo(current_user(), _find(number))
    bulk.undo_bulk(number, current_user().name)
    return redirect(current_view().link(f"{PATH}/bulk/{number}"), 303)


def _form_page(
    lists: ListView,
    form: BulkForm,
    problems: list[tuple[str, str]] | None = None,
    is_checked: bool = False,
    status: int = 200,
) -> Response:
    """The form, or what it would change if it is checked."""
    wrong, users = problems or form.problems, batch_users(current_user())
    jobs = selected_jobs(lists.selection, users) if is_checked and not wrong else None
    total = jobs.count if jobs else count(lists.selection, users)
    text = render_template(
        "diary/bulk_form.html",
        lists=lists,
        view=lists.view,
        form=form,
        total=total,
        digest=jobs.digest if jobs else "",
        has_other_jobs=status == 409,
        is_checked=jobs is not None and total > 0,
        replaced=_replaced(lists, users, form) if jobs else [],
        problems=wrong,
        selected=selected_of(lists),
        reviews=REVIEW_BADGES,
        verdicts=VERDICT_BADGES,
        action=lists.address(f"{PATH}/bulk/new"),
    )
    return make_response(text, 400 if wrong and status == 200 else status)


def _replaced(lists: ListView, users: tuple[str, ...], form: BulkForm) -> list[str]:
    """What people have written about the jobs already, and what of it would be lost, in sentences."""
    reviews = DiaryReview.select().where(DiaryReview.job.in_(numbers(lists.selection, users)))
    reviewed = reviews.where(DiaryReview.review != "open").count()
    found = [f"{counted(reviewed, 'job')} of these {'is' if reviewed == 1 else 'are'} already reviewed."] if reviewed else []
    for name, default in (("summary", ""), ("verdict", "none")):
        new, field = getattr(form, name).strip(), getattr(DiaryReview, name)
        if new and (lost := reviews.where(field != default, field != new).count()):
            found.append(f"{lost:,} {OTHERS[name][lost != 1]} will be replaced.")
    return found


def _find(number: int) -> DiaryBulkReview:
    try:
        return bulk.find_bulk(number)
    except UndoRefused as error:
        raise Problem(404, str(error)) from error


def _list_address(row: DiaryBulkReview) -> str:
    """The list of the jobs that were reviewed, as it is now."""
    return current_view().link(f"{PATH}?{row.selection}" if row.selection else PATH)
