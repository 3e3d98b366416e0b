"""The content of a tab of a wall: its panels as HTML, each with a version, so that a screen replaces only those that changed."""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, NamedTuple

from flask import render_template, request, url_for
from markupsafe import Markup

from app.core.version import VERSION
from app.core.zones import CERN
from app.wall.definition import TabPanel, WallTab
from app.wall.pages.place import options_in_place
from app.wall.panels import panel_of_kind
from app.wall.store import StoredWall
from app.web import etag_of
from app.web.assets import asset
from app.web.fragment_cache import CachedFragment, cached_fragment

log = logging.getLogger(__name__)


class DrawnPanel(NamedTuple):
    """A panel of the tab that is shown."""

    place: TabPanel
    title: str
    html: str
    version: str  # changes with the HTML


def page_version(stored: StoredWall) -> str:
    """Changes when the page has to be loaded again: with the wall, its scripts and styles, and the version of DQM Hub.

    A wall that is deleted and added again begins with version 1, so the whole definition counts.
    """
    definition = json.dumps(stored.definition.document)
    return etag_of(stored.name, definition, VERSION, asset("wall.css"), asset("wall.js"))[:16]


def tab_fragment(stored: StoredWall, tab: int) -> CachedFragment:
    """A tab as HTML, rendered at most once a second."""
    page = page_version(stored)

    def render() -> str:
        panels = [_draw(stored, tab, number) for number in range(len(stored.definition.tabs[tab].panels))]
        return render_template("wall/tab_fragment.html", wall=stored.definition, number=tab, panels=panels, page_version=page)

    return cached_fragment(("wall", request.script_root, stored.name, page, tab), render)


def _draw(stored: StoredWall, tab: int, number: int) -> DrawnPanel:
    """A panel; one that cannot be drawn says so, and the others are shown."""
    shown = stored.definition.tabs[tab]
    place = shown.panels[number]

    def picture(index: int, identity: str) -> str:
        return url_for("walls.picture", name=stored.name, tab=tab + 1, panel=number + 1, index=index, v=etag_of(identity)[:16])

    try:
        title, html = _content(shown, place, picture)
    except Exception:  # of this panel alone
        log.exception("The panel %s of the wall %s cannot be shown", place.kind, stored.name)
        title, html = place.shown_title, _problem("This panel cannot be shown now; the log of the web server has the reason.")
    return DrawnPanel(place, title, html, etag_of(title, html)[:16])


def _content(tab: WallTab, place: TabPanel, picture: Any) -> tuple[str, str]:
    """The heading and the HTML of a panel; a panel can have a better heading than that of its kind."""
    panel = panel_of_kind(place.kind)
    if panel is None:
        return place.shown_title, _problem(f"This version of DQM Hub has no panel {place.kind}.")
    context: Mapping[str, Any] = panel.context(options_in_place(panel, tab, place))
    title = place.title or str(context.get("title", panel.title))
    if context.get("problem"):
        return title, _problem(context["problem"])
    return title, render_template(panel.template, age=age_html, is_old=is_old, picture=picture, **context)


def _problem(text: str) -> str:
    return render_template("wall/problem.html", problem=text)


def is_old(at: float | None, limit_s: float) -> bool:
    """Whether a time is unknown, or longer ago than this."""
    return at is None or time.time() - at > limit_s


def age_html(at: float | None) -> Markup:
    """A moment (Unix s UTC) whose text a script replaces by its age; without scripts it is the time of the day at CERN."""
    if at is None:
        return Markup('<span class="age">no data</span>')
    moment = datetime.fromtimestamp(round(at), UTC)
    return Markup('<time class="age" datetime="{}">{}</time>').format(moment.isoformat(), f"{moment.astimezone(CERN):%H:%M:%S}")
