"""The pages of walls: the wall itself for screens, and the list of walls."""

from __future__ import annotations

import time

from flask import Blueprint, Response, make_response, render_template, request
from flask.typing import ResponseReturnValue
from markupsafe import Markup

from app.security import Role, needs
from app.security.caller import current_user, trusted
from app.security.guard import deny
from app.wall.definition import MAX_TABS
from app.wall.errors import UnknownWall
from app.wall.pages.place import options_in_place
from app.wall.pages.tab import page_version, tab_fragment
from app.wall.panels import panel_of_kind
from app.wall.settings import WallSettings
from app.wall.store import find_wall, walls
from app.web import etag_of, is_fragment, nothing_new, request_settings
from app.web.arguments import int_arg
from app.web.fragment_cache import fragment_response
from app.web.zone_view import ZoneView, zone_from_request

blueprint = Blueprint("walls", __name__)

VERSION_HEADER = "Wall-Version"
"""Header of a tab with its version, which the next poll sends as `since`."""

RETRY_S = 30
"""Time after which browsers reload the page of a wall that is an error, s: nobody sits at a screen."""


@blueprint.after_request
def retry_errors(response: Response) -> Response:
    """Let browsers load the page of a wall again if it is an error."""
    if request.endpoint == "walls.wall" and response.status_code >= 400 and not is_fragment():
        response.headers["Refresh"] = str(RETRY_S)
    return response


@blueprint.get("/walls")
@needs(Role.VIEWER)
def wall_list() -> str:
    """All walls."""
    networks = request_settings().of(WallSettings).wall_networks
    return render_template("wall/walls.html", walls=walls(), networks=networks, view=ZoneView(zone_from_request()))


@blueprint.get("/wall/<name>")
@needs(Role.PUBLIC)
def wall(name: str) -> ResponseReturnValue:
    """A wall, or for its script a tab of it; 204 for a poll of a tab that is up to date."""
    if refused := _refusal():
        return refused
    stored = find_wall(name)
    number = min(max(1, int_arg("tab", 1, MAX_TABS)), len(stored.definition.tabs)) - 1  # screens show a tab that was removed meanwhile
    fragment = tab_fragment(stored, number)
    version = etag_of(fragment.plain)[:16]
    if unchanged := nothing_new(version):
        return unchanged
    if is_fragment():
        response = fragment_response(fragment)
    else:
        text = render_template(
            "wall/wall.html",
            wall=stored.definition,
            number=number,
            version=version,
            fragment_html=Markup(fragment.plain.decode()),
            refresh_s=request_settings().of(WallSettings).wall_refresh_s,
            page_version=page_version(stored),
            now=time.time(),
        )
        response = make_response(text)
        response.vary.update(("HX-Request", "HX-Target"))
    response.headers[VERSION_HEADER] = version
    return response


@blueprint.get("/wall/<name>/<int:tab>/<int:panel>/<int:index>")
@needs(Role.PUBLIC)
def picture(name: str, tab: int, panel: int, index: int) -> ResponseReturnValue:
    """A picture of a panel. Screens that may see a wall without an account see no other pictures."""
    if refused := _refusal():
        return refused
    tabs = find_wall(name).definition.tabs
    place = tabs[tab - 1].panels[panel - 1] if 1 <= tab <= len(tabs) and 1 <= panel <= len(tabs[tab - 1].panels) else None
    found = panel_of_kind(place.kind) if place else None
    if not (place and found and found.picture):
        raise UnknownWall("This wall has no such picture")
    response: Response = found.picture(options_in_place(found, tabs[tab - 1], place), index)
    return response


def _refusal() -> ResponseReturnValue | None:
    """The answer to those who may not see walls: viewers may, and the networks of the setting wall_networks. Raises Problem."""
    if trusted(request_settings().of(WallSettings).wall_networks) or current_user().role >= Role.VIEWER:
        return None
    return deny(Role.VIEWER)
