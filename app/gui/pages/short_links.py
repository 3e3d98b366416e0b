"""Short links to views: made by a button, and opened."""

from __future__ import annotations

from flask import Blueprint, Response, redirect, request
from werkzeug.wrappers import Response as AnyResponse

from app.gui import short_links
from app.gui.pages.addressed_view import MAX_FORM_BYTES, addressed_view
from app.gui.settings import GuiSettings
from app.security import Role, needs
from app.web import Problem, page, request_settings

blueprint = Blueprint("short_links", __name__, url_prefix="/s")


@blueprint.post("")
@needs(Role.VIEWER)
def make() -> Response:
    """The short link to the view of an address; it holds nothing but what the view reads from the address."""
    request.max_content_length = MAX_FORM_BYTES
    view = addressed_view(request.form.get("address", ""), short_links.REFUSAL)
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
