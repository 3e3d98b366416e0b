"""The frame of every page: instance, menu, and URLs of static files."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from flask import Flask, render_template, request
from markupsafe import Markup

from app.core.area import MenuItem, RunLink, ShownElement, current_areas
from app.core.version import VERSION
from app.core.zones import DEFAULT_ZONE
from app.web.answers import is_fragment
from app.web.assets import asset


def init_app(app: Flask) -> None:
    """Add the frame to all templates."""
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True  # halves the size of pages
    app.context_processor(lambda: _frame(app))


def _frame(app: Flask) -> dict[str, Any]:
    return {
        "hub": app.config["HUB"],
        "hub_version": VERSION,
        "menu": [item for area in app.extensions["areas"] for item in area.menu],
        "asset": asset,
        "href": href,
        "links_to_run": links_to_run,
        "links_to_element": links_to_element,
        "panels_of_element": panels_of_element,
        "panels_of_run": panels_of_run,
        "is_current_item": is_current_item,
        "current_url": current_url,
        "report_address": report_address,
    }


def links_to_run(run: int, from_area: str) -> list[RunLink]:
    """Links to what other areas than the one of this name have of a run."""
    areas = [area for area in current_areas() if area.run_links and area.name != from_area]
    return [link for area in areas if area.run_links for link in area.run_links(run)]


def links_to_element(element: ShownElement | None, from_area: str) -> list[RunLink]:
    """Links to what other areas than the one of this name can do with a histogram; none without one."""
    areas = [area for area in current_areas() if area.element_links and area.name != from_area]
    return [link for area in areas if element and area.element_links for link in area.element_links(element)]


def panels_of_element(element: ShownElement | None, from_area: str) -> list[RunLink]:
    """Titles and addresses of what other areas than the one of this name show of a monitor element when a reader opens it."""
    areas = [area for area in current_areas() if area.element_panels and area.name != from_area]
    return [panel for area in areas if element and area.element_panels for panel in area.element_panels(element)]


def panels_of_run(run: int, from_area: str, tz: str = DEFAULT_ZONE) -> Markup:
    """What other areas than the one of this name show of a run on its page, with times in this zone."""
    panels = [area.run_panel for area in current_areas() if area.run_panel and area.name != from_area]
    return Markup("").join(Markup(render_template(each.template, run=run, tz=tz, **each.context(run))) for each in panels)


def href(path: str) -> str:
    """The URL of a path of the hub, with the URL prefix."""
    return request.script_root + path


def is_current_item(item: MenuItem) -> bool:
    """Whether the current page belongs to this entry of the main menu."""
    beginnings = (*item.below, *((item.path + "/",) if item.path != "/" else ()))
    return request.path == item.path or request.path.startswith(beginnings)


def current_url() -> str:
    """The percent-encoded URL of the current page; for a fragment, of the page that contains it."""
    page = request.headers.get("HX-Current-URL", "") if is_fragment() else ""
    if page.startswith(request.host_url):
        return "/" + page.removeprefix(request.host_url)
    query = request.query_string.decode("latin-1")
    path = quote(request.script_root + request.environ["PATH_INFO"], safe="/:@!$&'()*+,;=~", encoding="latin-1")
    return f"{path}?{query}" if query else path


def report_address() -> str:
    """The URL of the form to report a problem with the current page."""
    return href("/help/report") + "?from=" + quote(current_url(), safe="")
