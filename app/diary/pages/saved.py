"""/diary/searches: the searches of the list that users have saved, for themselves or for all."""

from __future__ import annotations

from dataclasses import replace
from typing import NamedTuple
from urllib.parse import urlencode

from flask import Blueprint, Response, make_response, redirect, render_template, request
from werkzeug.wrappers import Response as AnyResponse

from app.diary.pages.list_choices import selected_of
from app.diary.pages.list_view import ListView, list_view
from app.diary.pages.presenters import PATH, DiaryView, current_view
from app.diary.review.errors import BadReview
from app.diary.review.saved import MAX_NAME, delete_search, save_search, saved_searches
from app.security import Role, needs
from app.security.caller import current_user
from app.web import Problem

blueprint = Blueprint("diary_saved", __name__, url_prefix=f"{PATH}/searches")

MAX_FORM_BYTES = 8 * 1024


class ShownSearch(NamedTuple):
    """A saved search on the page of its user, or of other users if it is shared."""

    id: int
    name: str
    by: str  # its user
    is_own: bool
    is_shared: bool
    address: str  # of the list
    is_current: bool  # the list shows it now
    may_delete: bool


def shown_searches(view: DiaryView, lists: ListView | None = None) -> list[ShownSearch]:
    """The own searches of the user, then those that others share. lists: what is shown."""
    caller, query = current_user(), query_of(lists) if lists else ""
    return [
        ShownSearch(
            id=row.id,
            name=row.name,
            by=row.user,
            is_own=row.user == caller.name,
            is_shared=row.is_shared,
            address=view.link(f"{PATH}?{row.address}"),
            is_current=row.address == query,
            may_delete=row.user == caller.name or caller.role >= Role.OPERATOR,
        )
        for row in saved_searches(caller.name)
    ]


def query_of(lists: ListView) -> str:
    """What is saved of a list: its selection, order and columns."""
    return urlencode(replace(lists, number=1).query)


@blueprint.get("")
@needs(Role.VIEWER)
def list_searches() -> Response:
    """The saved searches, and the form that saves the list of the query."""
    return _page(list_view())


@blueprint.post("")
@needs(Role.VIEWER)
def save() -> AnyResponse:
    """Save the list of the query under a name."""
    request.max_content_length = MAX_FORM_BYTES
    lists, user = list_view(), _known_user()
    name, is_shared = request.form.get("name", ""), request.form.get("shared") == "1"
    try:
        row = save_search(user, name, query_of(lists), is_shared)
    except BadReview as error:
        return _page(lists, name, is_shared, error.fields)
    return redirect(lists.view.link(f"{PATH}?{row.address}"), 303)


@blueprint.post("/<int:number>/delete")
@needs(Role.VIEWER)
def delete(number: int) -> AnyResponse:
    """Delete a search."""
    delete_search(number, _known_user(), current_user().role >= Role.OPERATOR)
    return redirect(current_view().link(f"{PATH}/searches"), 303)


def _known_user() -> str:
    if not current_user().name:
        raise Problem(403, "Sign in to save searches")
    if current_user().is_token and current_user().role < Role.SHIFTER:
        raise Problem(403, "Needs a token with the role shifter, or a browser that is signed in")
    return current_user().name


def _page(lists: ListView, name: str = "", is_shared: bool = False, problems: list[tuple[str, str]] | None = None) -> Response:
    text = render_template(
        "diary/searches.html",
        lists=lists,
        view=lists.view,
        selected=selected_of(lists),
        searches=shown_searches(lists.view),
        action=replace(lists, number=1).address(f"{PATH}/searches") if lists.query else "",
        name=name,
        is_shared=is_shared,
        is_known=bool(current_user().name),
        max_name=MAX_NAME,
        problems=problems or [],
    )
    return make_response(text, 400 if problems else 200)
