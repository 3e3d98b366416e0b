"""What every page has around its own content: the instance, the main menu, and addresses."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from flask import Flask, request

from app.core.area import MenuItem
from app.core.version import VERSION
from app.web.answers import is_fragment
from app.web.assets import asset


def init_app(app: Flask) -> None:
    """Give every template the instance, the menu and the addresses that all pages use."""
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True  # less than half of a page was blanks
    app.context_processor(lambda: _frame(app))


def _frame(app: Flask) -> dict[str, Any]:
    return {
        "hub": app.config["HUB"],
        "version": VERSION,
        "menu": [item for area in app.extensions["areas"] for item in area.menu],
        "asset": asset,
        "href": href,
        "is_current": is_current,
        "here": here,
        "report_address": report_address,
    }


def href(path: str) -> str:
    """A path of this product as an address on this server, which may show it below a prefix."""
    return request.script_root + path


def is_current(item: MenuItem) -> bool:
    """Whether the page shown belongs to this entry of the main menu."""
    beginnings = (*item.below, *((item.path + "/",) if item.path != "/" else ()))
    return request.path == item.path or request.path.startswith(beginnings)


def here() -> str:
    """The address of the page that the browser shows, percent-encoded; for a fragment that of the page around it."""
    page = request.headers.get("HX-Current-URL", "") if is_fragment() else ""
    if page.startswith(request.host_url):
        return "/" + page.removeprefix(request.host_url)
    query = request.query_string.decode("latin-1")
    path = quote(request.script_root + request.environ["PATH_INFO"], safe="/:@!$&'()*+,;=~", encoding="latin-1")
    return f"{path}?{query}" if query else path


def report_address() -> str:
    """The page to report a problem with the page shown."""
    return href("/help/report") + "?from=" + quote(here(), safe="")
