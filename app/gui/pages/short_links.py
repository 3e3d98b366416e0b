"""Short links to views: made by a button, and opened."""

from __future__ import annotations

from urllib.parse import unquote_to_bytes

from flask import Blueprint, Response, redirect, request
from werkzeug.wrappers import Response as AnyResponse

from app.gui import short_links
from app.gui.view import View
from app.gui.view_query import view_of
from app.security import Role, needs
from app.web import Problem, page

blueprint = Blueprint("short_links", __name__, url_prefix="/s")

PREFIX = "/browse/"


@blueprint.post("")
@needs(Role.VIEWER)
def make() -> Response:
    """The short link to the view of an address; it holds nothing but what the view reads from the address."""
    view = _view(request.form.get("address", ""))
    name = short_links.store(view.address.removeprefix(request.script_root))
    return page("gui/short_link.html", "gui/short_link.html", link=f"{request.url_root}s/{name}", address=view.address)


@blueprint.get("/<name>")
@needs(Role.VIEWER)
def follow(name: str) -> AnyResponse:
    """A short link leads to its view."""
    address = short_links.address_of(name)
    if address is None:
        raise Problem(404, f"There is no short link {name} on this instance")
    return redirect(request.script_root + address)


def _view(address: str) -> View:
    """The view of an address of this site, with or without its host. Raises Problem 400."""
    place = address.removeprefix(request.url_root.rstrip("/")).removeprefix(request.script_root)
    path, _, query = place.partition("?")
    problem = f"Expected the address of a page of a sample, {PREFIX}<run>/<dataset>/..., not {address[:100]!r}"
    if not path.startswith(PREFIX):
        raise Problem(400, problem, [("address", problem)])
    try:
        view = view_of(unquote_to_bytes(path.removeprefix(PREFIX)), query)
    except Problem as error:
        raise Problem(400, problem, [("address", problem)]) from error
    if view.problems:
        raise Problem(400, f"address: {view.problems[0].name}: {view.problems[0].problem}", [("address", view.problems[0].problem)])
    return view
