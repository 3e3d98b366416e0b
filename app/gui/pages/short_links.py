"""Short links to views: made by a button, and opened."""

from __future__ import annotations

from urllib.parse import unquote_to_bytes

from flask import Blueprint, Response, redirect, request
from werkzeug.wrappers import Response as AnyResponse

from app.gui import short_links
from app.gui.addresses import MAX_ADDRESS
from app.gui.settings import GuiSettings
from app.gui.view import View
from app.gui.view_query import view_of
from app.security import Role, needs
from app.web import Problem, page, request_settings

blueprint = Blueprint("short_links", __name__, url_prefix="/s")

PREFIX = "/browse/"

MAX_FORM_BYTES = 3 * MAX_ADDRESS + 2000
"""A form with the longest address, each letter of it percent-encoded, and a host."""


@blueprint.post("")
@needs(Role.VIEWER)
def make() -> Response:
    """The short link to the view of an address; it holds nothing but what the view reads from the address."""
    request.max_content_length = MAX_FORM_BYTES
    view = _view(request.form.get("address", ""))
    name = short_links.store(view.address.removeprefix(request.script_root))
    link = f"{request.url_root}s/{name}"
    return page("gui/short_link.html", "gui/short_link.html", link=link, address=view.address, days=_days())


@blueprint.get("/<name>")
@needs(Role.VIEWER)
def follow(name: str) -> AnyResponse:
    """A short link leads to its view."""
    address = short_links.address_of(name)
    if address is None:
        raise Problem(404, f"There is no short link {name} on this instance; one that nobody opens for {_days()} days is deleted")
    return redirect(request.script_root + address)


def _days() -> int:
    return request_settings().of(GuiSettings).short_link_days


def _view(address: str) -> View:
    """The view of an address of this site, with or without its host. Raises InvalidInput and Problem 400."""
    place = address.removeprefix(request.url_root.rstrip("/")).removeprefix(request.script_root)
    short_links.check_length(place)
    path, _, query = place.partition("?")
    try:
        view = view_of(unquote_to_bytes(path.removeprefix(PREFIX)), query) if path.startswith(PREFIX) else None
    except Problem:
        view = None
    if view is None:
        problem = f"expected that of a page of a sample, {PREFIX}<run>/<dataset>/..., not {address[:100]!r}"
        raise Problem(400, "This address cannot have a short link", [("address", problem)])
    if view.problems:
        raise Problem(400, "The address has wrong fields", [(each.name, each.problem) for each in view.problems])
    return view
