"""The view of an address that a form has."""

from __future__ import annotations

from urllib.parse import unquote_to_bytes

from flask import request

from app.gui import short_links
from app.gui.addresses import MAX_ADDRESS
from app.gui.view import View
from app.gui.view_query import view_of
from app.web import Problem

PREFIX = "/browse/"

MAX_FORM_BYTES = 3 * MAX_ADDRESS + 2000
"""A form with the longest address, each letter of it percent-encoded, and a host."""


def addressed_view(address: str, refusal: str) -> View:
    """The view of an address of this site, with or without its host.

    Args:
        refusal: Sentence on what is not possible if the address is not that of a view. Raises InvalidInput and Problem 400.
    """
    place = address.removeprefix(request.url_root.rstrip("/")).removeprefix(request.script_root)
    short_links.check_length(place, refusal)
    path, _, query = place.partition("?")
    try:
        view = view_of(unquote_to_bytes(path.removeprefix(PREFIX)), query) if path.startswith(PREFIX) else None
    except Problem:
        view = None
    if view is None:
        problem = f"expected that of a page of a sample, {PREFIX}<run>/<dataset>/..., not {address[:100]!r}"
        raise Problem(400, refusal, [("address", problem)])
    if view.problems:
        raise Problem(400, "The address has wrong fields", [(each.name, each.problem) for each in view.problems])
    return view
