"""The page of a layout or workspace: its content, its history, and the forms that activate another version."""

from __future__ import annotations

from typing import Any

from flask import Response, make_response, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from app.gui.files.shown import shown_path
from app.gui.layouts.contents import Content
from app.gui.layouts.descriptions import description_html
from app.gui.layouts.editing import store
from app.gui.layouts.editing.conflict import ArrangementConflict
from app.gui.layouts.editing.differences import differences
from app.gui.layouts.editing.history import history_of, is_removed
from app.gui.layouts.editing.rights import check_may_change, may_change
from app.gui.layouts.editing.versions import MAX_REASON, is_passed, version_at
from app.gui.layouts.errors import UnknownArrangement
from app.gui.layouts.layout import Layout
from app.gui.layouts.models import Arrangement
from app.gui.layouts.scopes import scope_of
from app.gui.layouts.subsystems import subsystem_of
from app.gui.pages.layouts.listing_workspaces import listing_workspaces
from app.gui.pages.layouts.lists import blueprint
from app.gui.pages.layouts.pictures import ChosenSample, chosen_sample
from app.gui.samples import LARGEST
from app.gui.view import View
from app.security import Role, needs
from app.security.caller import acts_as, current_user
from app.web import Problem
from app.web.arguments import int_arg, parse_int
from app.web.clock import time_html

MAX_FORM_BYTES = 32 * 1024


@blueprint.get("/<int:number>")
@needs(Role.VIEWER)
def detail(number: int) -> Response:
    """An arrangement, or its version `version`, with its plots of the sample `run` and `dataset`."""
    return _detail_page(arrangement(number))


@blueprint.post("/<int:number>/activate")
@needs(Role.VIEWER)
def activate(number: int) -> AnyResponse:
    """Make the version of the form active."""
    return _change_response(number, lambda: store.activate(number, _sent_number("version"), _reason()))


@blueprint.post("/<int:number>/roll-back")
@needs(Role.VIEWER)
def roll_back(number: int) -> AnyResponse:
    """Activate the content of the version of the form as a new version."""
    return _change_response(number, lambda: store.roll_back(number, _sent_number("version"), _sent_number("based_on"), _reason()))


@blueprint.post("/<int:number>/remove")
@needs(Role.VIEWER)
def remove(number: int) -> AnyResponse:
    """Make no version active."""
    return _change_response(number, lambda: store.remove(number, _sent_number("based_on"), _reason()))


def _change_response(number: int, change: Any) -> AnyResponse:
    """The answer to a change of what is active: the page of the arrangement, after a conflict with what is there now."""
    request.max_content_length = MAX_FORM_BYTES
    row = arrangement(number)
    check_may_change(row.owner, row.path)
    try:
        change()
    except ArrangementConflict as conflict:
        return _detail_page(arrangement(number), conflict)
    return redirect(url_for("layouts.detail", number=number), 303)


def arrangement(number: int) -> Arrangement:
    """The arrangement, if the sender of the request may see it. Raises UnknownArrangement."""
    row = store.find(min(number, LARGEST))
    if row.owner and not acts_as(row.owner):
        raise UnknownArrangement("This layout is private to another user")
    return row


def _detail_page(row: Arrangement, conflict: ArrangementConflict | None = None) -> Response:
    number = row.newest if conflict else int_arg("version", row.active or row.newest, LARGEST)
    content = store.content_at(row, number)
    sample = chosen_sample(request.args, content.scopes) if isinstance(content, Layout) else None
    active = store.content_at(row, row.active) if row.active else None
    removed = is_removed(row)
    can_change = may_change(row.owner, row.path, content.path) and not row.source
    page = render_template(
        "gui/layouts/detail.html",
        row=row,
        number=number,
        content=content,
        help_html=description_html(content.help) if isinstance(content, Layout) else "",
        conflict=conflict,
        grid=sample.grid(content) if sample and isinstance(content, Layout) else [],
        chosen=sample,
        place=_place(row, sample, content) if row.active else "",
        may_add=current_user().role >= Role.EXPERT,
        history=history_of(row.id, int_arg("before", 0, LARGEST)),
        is_removed=removed,
        is_passed=is_passed(row, number),
        newest=version_at(row, row.newest),
        can_remove=can_change and number == (row.active or row.newest) and not removed,
        listed_in=listing_workspaces(row),
        differences=differences(active, content) if active and number != row.active else [],
        may_change=can_change,
        subsystem=subsystem_of(row.path),
        source=shown_path(row.source),
        max_reason=MAX_REASON,
        time_html=time_html,
    )
    return make_response(page, 409 if conflict else 200)


def _place(row: Arrangement, chosen: ChosenSample | None, content: Content) -> str:
    """The address of an active layout in the chosen sample; "" if the sample is of another scope."""
    if chosen is None or chosen.sample is None:
        return ""
    if row.owner:
        return View(chosen.sample.key, shared=str(row.id)).address
    if scope_of(chosen.dataset) not in content.scopes:
        return ""
    return View(chosen.sample.key).of_folder(content.path.encode()).address


def _sent_number(name: str) -> int:
    number = parse_int(request.form.get(name, ""), LARGEST)
    if number is None:
        raise Problem(400, f"The form has no {name}", [(name, "Expected the number of a version")])
    return number


def _reason() -> str:
    """The reason of the form. Raises Problem 400."""
    reason = request.form.get("reason", "").strip()
    if not 0 < len(reason) <= MAX_REASON:
        raise Problem(400, "The reason cannot be used", [("reason", f"Say in 1 to {MAX_REASON} characters why, for the history")])
    return reason
