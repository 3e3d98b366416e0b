"""HTML pages and the Atom feed: the mirror's own frame around fragments that the hub rendered."""

from __future__ import annotations

import re
import time
from datetime import UTC, datetime
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlencode
from uuid import NAMESPACE_URL, uuid5
from xml.etree import ElementTree
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from bottle import SimpleTemplate, request

from .store import MirrorState

HERE = Path(__file__).parent
STATIC_FILES = {path.name: path for path in (HERE / "static").iterdir()}
CONTENT_TYPES = {
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
    ".ico": "image/x-icon",
}
SYSTEMS = ("production", "playback")

OLD_S = 60
"""Older data get a warning: the hub publishes at least twice a minute."""

LIVE_REFRESH_S, SLOW_POLL_S = 3, 30
"""Seconds between two polls of a page with live data, and of another page."""

NO_DATA = '<h1 class="unseen">No data</h1><p class="hint">No data from the hub for this page.</p>'
AGE = re.compile(r'(<span\b[^<>]*\bdata-since="(\d{1,11})(?:\.\d+)?"[^<>]*>)</span>')
ATOM = "http://www.w3.org/2005/Atom"
INVALID_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""Characters that are not allowed in XML, not even escaped."""


class PageContent(NamedTuple):
    """Content of a page."""

    title: str
    fragment: str  # HTML
    tag: str = ""  # version of the fragment
    section: str = ""  # current entry of the navigation: live, timeline, help
    poll: str = ""  # address that returns a newer fragment; "": the page does not poll
    is_live: bool = False
    above: str = ""  # HTML above the fragment, not replaced by polls


@cache
def load_template(name: str) -> SimpleTemplate:
    """A template of the mirror."""
    return SimpleTemplate((HERE / "templates" / name).read_text(encoding="utf-8"))


@cache
def file_version(name: str = "") -> str:
    """Version of a static file, or of all files that pages consist of."""
    files = [STATIC_FILES[name]] if name else [*sorted(STATIC_FILES.values()), *sorted((HERE / "templates").iterdir())]
    return sha256(b"".join(file.read_bytes() for file in files)).hexdigest()[:12]


@cache
def time_zone() -> tuple[Any, str]:
    """Time zone of displayed times, and its name; UTC on a machine without time zone data."""
    try:
        return ZoneInfo("Europe/Zurich"), "Swiss time"
    except ZoneInfoNotFoundError:
        return UTC, "UTC"


def time_html(at: float) -> str:
    """A time, Unix s UTC, as HTML that mirror.js can show in another zone."""
    local = datetime.fromtimestamp(at, time_zone()[0])
    return f'<time datetime="{iso_time(at)}" data-at="{int(at)}">{local:%Y-%m-%d %H:%M:%S}</time>'


def iso_time(at: float) -> str:
    """A time, Unix s UTC, as 2022-09-14T10:16:40Z."""
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def age_text(seconds: float) -> str:
    """An age in words, the same as `duration` in times.js."""
    whole = max(0, int(seconds))
    for unit, size, least in (("days", 86400, 172800), ("h", 3600, 7200), ("min", 60, 120)):
        if whole >= least:
            return f"{whole // size} {unit}"
    return f"{whole} s"


def fill_in_ages(fragment: str) -> str:
    """Fill in the ages in a fragment, for browsers without scripts."""
    now = time.time()
    return AGE.sub(lambda match: f"{match[1]}{age_text(now - float(match[2]))}</span>", fragment)


def link(path: str, system: str, **query: object) -> str:
    """An address relative to the root of the mirror; empty parameters are omitted."""
    parameters = {"db": system if system != SYSTEMS[0] else "", **query}
    text = urlencode({name: value for name, value in parameters.items() if value not in ("", None)})
    return f"{path}?{text}" if text else path


def base_href() -> str:
    """Relative path from the current address to the root of the mirror: correct for every proxy and any prefix that it adds."""
    return "../" * (request.environ["PATH_INFO"].count("/") - 1) or "./"


def render_page(content: PageContent, system: str, state: MirrorState) -> bytes:
    """A whole page."""
    now, query = time.time(), request.query_string
    text: str = load_template("page.html").render(
        content=content,
        title=content.title + (" · playback" if system == "playback" else ""),
        fragment=fill_in_ages(content.fragment),
        poll_s=LIVE_REFRESH_S if content.is_live else SLOW_POLL_S,
        system=system,
        systems=SYSTEMS,
        state=state,
        now=now,
        is_old=now - state.at > OLD_S,
        zone=time_zone()[1],
        address=request.path.lstrip("/") + (f"?{query}" if query else ""),
        base_href=base_href(),
        link=link,
        time_html=time_html,
        age_text=age_text,
        file_version=file_version,
    )
    return text.encode()


def render_error(status: int, message: str) -> bytes:
    """A page with an error message and links to other pages."""
    title = {404: "Not found", 429: "Too many requests"}.get(status, "Error")
    text: str = load_template("error.html").render(title=title, message=message, base_href=base_href(), file_version=file_version)
    return text.encode()


def atom_feed(events: list[dict[str, Any]], state: MirrorState, system: str, base_url: str) -> bytes:
    """The Atom feed of a system as XML. events: as the hub publishes them; base_url: of the mirror."""
    ElementTree.register_namespace("", ATOM)
    feed = _element(None, "feed")
    _element(feed, "id", urn(state.hub, system))
    _element(feed, "title", f"{state.hub or 'DQM^2'}: {system}")
    _element(feed, "updated", iso_time(max((event["at"] for event in events), default=state.started)))
    _element(_element(feed, "author"), "name", state.hub or "DQM^2")
    _element(feed, "link", rel="self", type="application/atom+xml", href=f"{base_url}/feed.xml?db={system}")
    _element(feed, "link", rel="alternate", type="text/html", href=f"{base_url}/{link('', system)}")
    for event in events:
        entry = _element(feed, "entry")
        _element(entry, "id", urn(state.hub, system, event["id"]))
        _element(entry, "title", event["title"])
        _element(entry, "updated", iso_time(event["at"]))
        _element(entry, "category", term=event["kind"])
        page = link(f"runs/{int(event['run'])}", system) if event["run"] else link("", system)
        _element(entry, "link", rel="alternate", type="text/html", href=f"{base_url}/{page}")
        _element(entry, "summary", event["text"], type="text")
    xml: bytes = ElementTree.tostring(feed, encoding="utf-8", xml_declaration=True)
    return xml


def _element(parent: ElementTree.Element | None, name: str, text: object = "", **attributes: str) -> ElementTree.Element:
    """A new Atom element, appended to its parent."""
    valid = {key: INVALID_XML.sub("\ufffd", value) for key, value in attributes.items()}
    tag = f"{{{ATOM}}}{name}"
    element = ElementTree.Element(tag, valid) if parent is None else ElementTree.SubElement(parent, tag, valid)
    element.text = INVALID_XML.sub("\ufffd", str(text)) or None
    return element


def urn(*parts: str) -> str:
    """An identifier that depends only on `parts`, so it is the same on all mirrors of a hub."""
    return uuid5(NAMESPACE_URL, "dqmhub:" + "\0".join(parts)).urn
