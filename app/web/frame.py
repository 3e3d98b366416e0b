"""What every page has around its own content: the instance, the way to the wings, and the addresses of files."""

from __future__ import annotations

from functools import cache
from hashlib import blake2b
from typing import Any
from urllib.parse import quote

from flask import Flask, request, url_for

from app.core.area import MenuItem
from app.core.settings import TREE
from app.core.version import VERSION
from app.web.answers import is_fragment

YEAR_S = 365 * 24 * 3600


def init_app(app: Flask) -> None:
    # `asset` puts a hash of the content into the address, so a browser need never ask again.
    app.config["SEND_FILE_MAX_AGE_DEFAULT"] = YEAR_S
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


def asset(name: str) -> str:
    """The address of a file of static/, which changes whenever the file does."""
    return url_for("static", filename=name, v=_hash(name))


@cache
def _hash(name: str) -> str:
    return blake2b((TREE / "static" / name).read_bytes(), digest_size=6).hexdigest()


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
