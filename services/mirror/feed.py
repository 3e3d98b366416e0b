"""The Atom feed of what happened: runs, crashes, jobs that hang, machines that fall silent."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from uuid import NAMESPACE_URL, uuid5
from xml.etree import ElementTree

from protocol.snapshot import ItemKey

from .pages import link
from .store import View

ATOM = "http://www.w3.org/2005/Atom"
FORBIDDEN = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""What no XML document may hold, however it is written."""


def atom(now: View, system: str, own: str) -> tuple[bytes, str]:
    """The feed of a system as XML, and a tag of it. own: the address of the mirror."""
    kept, state = now.item(ItemKey("events", system, 0, "data")), now.state
    events = json.loads(kept.content) if kept else []
    ElementTree.register_namespace("", ATOM)
    feed = element(None, "feed")
    element(feed, "id", urn(state.hub, system))
    element(feed, "title", f"{state.hub or 'DQM^2'}: {system}")
    element(feed, "updated", stamp(max((event["at"] for event in events), default=state.started)))
    element(element(feed, "author"), "name", state.hub or "DQM^2")
    element(feed, "link", rel="self", type="application/atom+xml", href=f"{own}/feed.xml?db={system}")
    element(feed, "link", rel="alternate", type="text/html", href=f"{own}/{link('', system)}")
    for event in events:
        entry = element(feed, "entry")
        element(entry, "id", urn(state.hub, system, event["id"]))
        element(entry, "title", event["title"])
        element(entry, "updated", stamp(event["at"]))
        element(entry, "category", term=event["kind"])
        page = link(f"runs/{int(event['run'])}", system) if event["run"] else link("", system)
        element(entry, "link", rel="alternate", type="text/html", href=f"{own}/{page}")
        element(entry, "summary", event["text"], type="text")
    content: bytes = ElementTree.tostring(feed, encoding="utf-8", xml_declaration=True)
    return content, f"{kept.tag if kept else ''}.{urn(own)[-12:]}"


def element(parent: ElementTree.Element | None, name: str, text: object = "", **attributes: str) -> ElementTree.Element:
    """A new element of Atom, within its parent."""
    clean = {key: FORBIDDEN.sub("\ufffd", value) for key, value in attributes.items()}
    tag = f"{{{ATOM}}}{name}"
    made = ElementTree.Element(tag, clean) if parent is None else ElementTree.SubElement(parent, tag, clean)
    made.text = FORBIDDEN.sub("\ufffd", str(text)) or None
    return made


def urn(*parts: str) -> str:
    """An identifier that stays the same wherever the mirror is, and on each of several mirrors of a hub."""
    return uuid5(NAMESPACE_URL, "dqmhub:" + "\0".join(parts)).urn


def stamp(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
