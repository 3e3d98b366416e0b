"""My plots: the private layouts of the signed-in user, and layouts that others share by a link."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, make_response, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from app.gui.errors import GuiError
from app.gui.layouts.editing import private
from app.gui.layouts.editing.conflict import ArrangementConflict
from app.gui.layouts.editing.grid import MAX_COLUMNS, columns_of, in_columns, with_plot_moved, without_plot
from app.gui.layouts.editing.private import PrivateLayout
from app.gui.layouts.editing.private_limits import MAX_LAYOUTS, MAX_NAME, MAX_PLOTS
from app.gui.layouts.scopes import SCOPES
from app.gui.pages.addressed_view import MAX_FORM_BYTES, addressed_view
from app.gui.pages.layout_lists import opened_layout
from app.gui.pages.private.pins import NOT_PINNED, newest_samples, pinned_rows
from app.gui.problems import problem_of
from app.security import Role, needs
from app.security.caller import current_user
from app.web import Problem
from app.web.arguments import int_arg, parse_int

blueprint = Blueprint("my_plots", __name__, url_prefix="/my/plots")

LARGEST = 2**31 - 1
"""Greatest number of a layout or version in a form."""


@blueprint.get("")
@needs(Role.VIEWER)
def my_plots() -> AnyResponse:
    """The private layouts of the user; with `removed=<number>` also a button that restores this one."""
    if not current_user().name:
        return redirect(url_for("account.sign_in", next="/my/plots"), 303)
    layouts = private.layouts_of(_user())
    removed = int_arg("removed", 0, LARGEST)
    return _own_page("gui/my_plots.html", layouts=layouts, samples=newest_samples(), removed=removed, max_layouts=MAX_LAYOUTS)


@blueprint.get("/pin")
@needs(Role.VIEWER)
def choose() -> AnyResponse:
    """The form that asks where to pin the plot, the marked plots, or the layout, of the view at `address`."""
    view = addressed_view(request.args.get("address", ""), NOT_PINNED)
    if not current_user().name:
        return redirect(url_for("account.sign_in", next=view.address.removeprefix(request.script_root)), 303)
    return _pin_page(view.address)


@blueprint.post("/pin")
@needs(Role.VIEWER)
def pin() -> AnyResponse:
    """Pin the plot, the marked plots, or the layout, of a view to the private layout `to`, or to a new one with a name, and return to the view."""
    request.max_content_length = MAX_FORM_BYTES
    view = addressed_view(request.form.get("address", ""), NOT_PINNED)
    if not current_user().name:
        return redirect(url_for("account.sign_in", next=view.address.removeprefix(request.script_root)), 303)
    try:
        private.pin(_user(), pinned_rows(view), _number("to") or None, request.form.get("name", ""))
    except GuiError as error:
        return _pin_page(view.address, error)
    return redirect(view.address, 303)


@blueprint.get("/<int:number>")
@needs(Role.VIEWER)
def own_layout(number: int) -> AnyResponse:
    """The form of one private layout."""
    if not current_user().name:
        return redirect(url_for("account.sign_in", next=f"/my/plots/{number}"), 303)
    return _layout_page(private.own_layout(_user(), number))


@blueprint.post("/<int:number>")
@needs(Role.VIEWER)
def change(number: int) -> AnyResponse:
    """Change a private layout: `do` is rename, columns, or up, down or remove with the position of a plot, such as up-3."""
    found = private.own_layout(_user(), number)
    try:
        _change(found, request.form.get("do", ""))
    except GuiError as error:
        return _layout_page(private.own_layout(_user(), number), error)
    return redirect(url_for("my_plots.own_layout", number=number), 303)


def _change(found: PrivateLayout, do: str) -> None:
    action, _, written = do.partition("-")
    version = _number("version")
    if action == "rename":
        private.changed(found, version, lambda rows: rows, request.form.get("name", ""))
    elif action == "columns":
        columns = min(max(_number("columns"), 1), MAX_COLUMNS)
        private.changed(found, version, lambda rows: in_columns(rows, columns))
    elif action in ("up", "down", "remove"):
        position = parse_int(written, MAX_PLOTS)
        if position is None or position >= len(found.layout.plots):
            raise Problem(400, "This layout has no such plot; load the page again", [("do", f"not {do[:50]!r}")])
        steps = {"up": -1, "down": 1}
        private.changed(
            found,
            version,
            lambda rows: with_plot_moved(rows, position, steps[action]) if action in steps else without_plot(rows, position),
        )
    else:
        raise Problem(400, "This form is wrong; load the page again", [("do", "expected rename, columns, up, down or remove")])


@blueprint.post("/<int:number>/remove")
@needs(Role.VIEWER)
def remove(number: int) -> AnyResponse:
    """Remove a private layout; the list has a button to restore it."""
    private.remove(private.own_layout(_user(), number))
    return redirect(url_for("my_plots.my_plots", removed=number), 303)


@blueprint.post("/<int:number>/restore")
@needs(Role.VIEWER)
def restore(number: int) -> AnyResponse:
    """Restore a removed private layout."""
    private.restore(_user(), number)
    return redirect(url_for("my_plots.own_layout", number=number), 303)


@blueprint.post("/<int:number>/share")
@needs(Role.VIEWER)
def share(number: int) -> AnyResponse:
    """Make the link to a private layout."""
    private.share(private.own_layout(_user(), number))
    return redirect(url_for("my_plots.own_layout", number=number, _anchor="share"), 303)


@blueprint.post("/<int:number>/withdraw")
@needs(Role.VIEWER)
def withdraw(number: int) -> AnyResponse:
    """Remove the link to a private layout."""
    private.withdraw(private.own_layout(_user(), number))
    return redirect(url_for("my_plots.own_layout", number=number, _anchor="share"), 303)


@blueprint.post("/<int:number>/draft")
@needs(Role.EXPERT)
def draft(number: int) -> AnyResponse:
    """Make a layout for all of a private one: a draft, which is not shown before it is activated."""
    found = private.own_layout(_user(), number)
    scopes = tuple(scope for scope in SCOPES if scope in request.form.getlist("scope"))
    try:
        made = private.draft(found.layout, request.form.get("path", ""), scopes, request.form.get("reason", "").strip())
    except (GuiError, Problem) as error:  # a Problem: who is no expert of the subsystem of the path keeps the form
        return _layout_page(found, error)
    return redirect(f"{request.script_root}/layouts/{made}", 303)


@blueprint.get("/shared/<link>")
@needs(Role.VIEWER)
def shared(link: str) -> Response:
    """A layout that its owner shares, for the newest samples."""
    return _shared_page(private.linked_layout(link))


@blueprint.post("/shared/<link>")
@needs(Role.VIEWER)
def copy(link: str) -> AnyResponse:
    """Copy a shared layout to the private layouts of the user."""
    found = private.linked_layout(link)
    if not current_user().name:
        return redirect(url_for("account.sign_in", next=f"/my/plots/shared/{link}"), 303)
    try:
        made = private.copy(_user(), found.layout, request.form.get("name", ""))
    except GuiError as error:
        return _shared_page(found, error)
    return redirect(url_for("my_plots.own_layout", number=made.number), 303)


def _user() -> str:
    """The name of the signed-in user of this browser. Raises Problem 403 for others, and for scripts with a token."""
    caller = current_user()
    if not caller.name:
        raise Problem(403, "Sign in first: private layouts belong to an account")
    if caller.is_token:
        raise Problem(403, "Private layouts need a browser that is signed in, not an API token")
    return caller.name


def _number(name: str) -> int:
    """A number of the form of this request; 0 without one."""
    return parse_int(request.form.get(name) or "0", LARGEST) or 0


def _pin_page(address: str, error: GuiError | None = None) -> Response:
    view = addressed_view(address, NOT_PINNED)
    paths = [cell.plot for row in pinned_rows(view) for cell in row if cell]
    choices = private.pin_choices(_user(), paths[0] if paths else "")
    layout = None if view.plot or view.marks else opened_layout(view)
    name = layout.name if layout else "" if choices else private.DEFAULT_NAME
    return _own_page("gui/my_plots_pin.html", error, view=view, paths=paths, pin_choices=choices, default_name=name)


def _layout_page(found: PrivateLayout, error: GuiError | Problem | None = None) -> Response:
    return _own_page(
        "gui/my_plots_layout.html",
        error,
        found=found,
        layout=found.layout,
        columns=columns_of(found.layout.rows),
        max_columns=MAX_COLUMNS,
        link=f"{request.url_root}my/plots/shared/{found.link}" if found.link else "",
        samples=newest_samples(),
        scopes=SCOPES,
    )


def _shared_page(found: PrivateLayout, error: GuiError | None = None) -> Response:
    return _own_page("gui/my_plots_shared.html", error, found=found, layout=found.layout, samples=newest_samples())


def _own_page(template: str, error: GuiError | Problem | None = None, **context: Any) -> Response:
    """A page of private layouts, which no cache stores; with status and message of an error, if there is one."""
    problem = problem_of(error) if isinstance(error, GuiError) else error
    conflict = isinstance(error, ArrangementConflict)
    text = render_template(template, problem=problem, conflict=conflict, max_name=MAX_NAME, **context)
    response = make_response(text, problem.status if problem else 200)
    response.headers["Cache-Control"] = "no-store"
    return response
