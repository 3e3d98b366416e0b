"""The pages of display groups: subsystems, the groups of one, the form of a group, and the history."""

from __future__ import annotations

from flask import Blueprint, Response, make_response, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from app.security import Role, needs
from app.security.subsystems import check_may_edit, may_edit
from app.trends.groups import store
from app.trends.groups.conflict import GroupConflict
from app.trends.groups.errors import InvalidGroup, UnknownGroup
from app.trends.groups.group import MAX_TEXT
from app.trends.groups.history import differences, history_of
from app.trends.groups.known import group_subsystems, known_trends
from app.trends.groups.models import TrendGroup
from app.trends.models import Trend
from app.trends.pages.group_form import MAX_ID, GroupForm, form_from_request, form_of
from app.trends.pages.titles import plain_title
from app.web import Problem
from app.web.arguments import int_arg, parse_int
from app.web.clock import time_html

blueprint = Blueprint("trend_groups", __name__, url_prefix="/trends/groups")

MAX_FORM_BYTES = 128 * 1024
HISTORY_ROWS = 50


@blueprint.get("")
@needs(Role.VIEWER)
def subsystems() -> str:
    """The subsystems with trends or groups."""
    return render_template("trends/group_subsystems.html", subsystems=group_subsystems())


@blueprint.get("/<subsystem>")
@needs(Role.VIEWER)
def group_list(subsystem: str) -> str:
    """The groups of a subsystem."""
    known = _known(subsystem)
    groups = [(row.id, row.version, store.group_of_row(row)) for row in store.rows_of(subsystem)]
    return render_template(
        "trends/groups.html",
        subsystem=subsystem,
        groups=groups,
        known=frozenset(known),
        may_edit=may_edit(subsystem),
        plain_title=plain_title,
    )


@blueprint.get("/<subsystem>/edit")
@needs(Role.EXPERT)
def edit(subsystem: str) -> Response:
    """The form of the group `group`, or of a new one."""
    check_may_edit(subsystem)
    _known(subsystem)
    number = int_arg("group", 0, MAX_ID)
    if not number:
        return _form_page(GroupForm(subsystem))
    row = _row(subsystem, number)
    return _form_page(form_of(store.group_of_row(row), row.id, row.version))


@blueprint.post("/<subsystem>/edit")
@needs(Role.EXPERT)
def save(subsystem: str) -> AnyResponse:
    """Store the group of the form, or show the form after a button of its list of series."""
    check_may_edit(subsystem)
    request.max_content_length = MAX_FORM_BYTES
    form = form_from_request(subsystem, request.form)
    button = request.form.get("do", "save")
    if button != "save":
        return _form_page(form.after(button))
    try:
        if form.group:
            store.edit_group(_row(subsystem, form.group), form.version, form.edited)
            number = form.group
        else:
            number = store.add_group(form.edited).id
    except InvalidGroup as error:
        return _form_page(form, error.fields, status=400)
    except GroupConflict as error:
        return _form_page(form, conflict=error, status=409)
    return redirect(_list_address(subsystem, number), 303)


@blueprint.post("/<subsystem>/move")
@needs(Role.EXPERT)
def move(subsystem: str) -> AnyResponse:
    """Move a group up or down."""
    row = _row_of_form(subsystem)
    store.move_group(row, -1 if request.form.get("to") == "up" else 1)
    return redirect(_list_address(subsystem, row.id), 303)


@blueprint.post("/<subsystem>/delete")
@needs(Role.EXPERT)
def delete(subsystem: str) -> AnyResponse:
    """Delete a group; the history brings it back."""
    row = _row_of_form(subsystem)
    store.delete_group(row, _form_number("version"))
    return redirect(url_for("trend_groups.history", subsystem=subsystem), 303)


@blueprint.get("/<subsystem>/history")
@needs(Role.VIEWER)
def history(subsystem: str) -> str:
    """The changes of the groups of a subsystem, the latest first."""
    changes = history_of(subsystem, int_arg("before", MAX_ID, MAX_ID), HISTORY_ROWS + 1)
    if not changes:
        _known(subsystem)
    older = changes[HISTORY_ROWS - 1].id if len(changes) > HISTORY_ROWS else 0
    return render_template(
        "trends/group_history.html",
        subsystem=subsystem,
        changes=changes[:HISTORY_ROWS],
        older=older,
        may_edit=may_edit(subsystem),
        time_html=time_html,
    )


@blueprint.post("/<subsystem>/restore")
@needs(Role.EXPERT)
def restore(subsystem: str) -> AnyResponse:
    """Give a group the state that it had after a change, or before it was deleted."""
    check_may_edit(subsystem)
    request.max_content_length = MAX_FORM_BYTES
    change = store.find_change(_form_number("change"))
    _row(subsystem, change.group)
    row = store.restore_change(change, _form_number("version"))
    return redirect(_list_address(subsystem, row.id), 303)


def _form_page(
    form: GroupForm, problems: list[tuple[str, str]] | None = None, conflict: GroupConflict | None = None, status: int = 200
) -> Response:
    """The form; after a conflict with the present group beside it, which a second attempt replaces."""
    theirs = []
    if conflict:
        form = GroupForm(**vars(form) | {"version": conflict.version})
        theirs = differences(form.edited.json, conflict.current.json) if conflict.current else []
    text = render_template(
        "trends/group_form.html",
        form=form,
        problems=problems or [],
        conflict=conflict,
        theirs=theirs,
        known=known_trends(form.subsystem),
        max_text=MAX_TEXT,
    )
    return make_response(text, status)


def _known(subsystem: str) -> list[str]:
    """The configured trends of a subsystem. Raises Problem 404 if it never had trends or groups."""
    known = known_trends(subsystem)
    if not known and not any(table.select().where(table.subsystem == subsystem).exists() for table in (TrendGroup, Trend)):
        raise Problem(404, f"There is no subsystem {subsystem[:100]} with trends or groups; see the list at /trends/groups")
    return known


def _row(subsystem: str, number: int) -> TrendGroup:
    row = store.find_group(number)
    if row.subsystem != subsystem:
        raise UnknownGroup(f"This group is of {row.subsystem}, not of {subsystem[:100]}")
    return row


def _row_of_form(subsystem: str) -> TrendGroup:
    """The group of the form of this request, which its sender may edit."""
    check_may_edit(subsystem)
    request.max_content_length = MAX_FORM_BYTES
    return _row(subsystem, _form_number("group"))


def _form_number(name: str) -> int:
    number = parse_int(request.form.get(name, ""), MAX_ID)
    if number is None:
        raise Problem(400, f"The form has no {name}", [(name, f"Expected a whole number from 0 to {MAX_ID}")])
    return number


def _list_address(subsystem: str, number: int) -> str:
    return url_for("trend_groups.group_list", subsystem=subsystem, _anchor=f"group-{number}")
