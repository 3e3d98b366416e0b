"""The form of a wall while it is edited: a document as `parse_wall` reads it, with what people typed, and the buttons that change its lists."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from app.core.area import PanelOption
from app.wall.definition import MAX_SIDE, MAX_TABS, TabPanel
from app.wall.panels import panel_of_kind

_NUMBER = re.compile(r"-?[0-9]{1,9}", re.ASCII)
_BUTTON = re.compile(r"(up|drop|add):(\d{1,2})(?:\.(\d{1,2}))?", re.ASCII)

NEW_TAB: dict[str, Any] = {"title": "", "seconds": 60, "columns": 3, "rows": 2, "panels": []}


def new_document() -> dict[str, Any]:
    """A wall with one tab that has no panels yet."""
    return {"name": "", "title": "", "tabs": [_copy(NEW_TAB)]}


def document_from_form(sent: Mapping[str, str]) -> dict[str, Any]:
    """The document of a form. Numbers that are none stay texts, which `parse_wall` refuses.

    Fields are `name`, `title`, `tabs.<t>.<field>`, `tabs.<t>.panels.<p>.<field>` and `tabs.<t>.panels.<p>.options.<name>`.
    """
    tabs = []
    for tab in range(MAX_TABS):
        start = f"tabs.{tab}"
        if f"{start}.title" not in sent:
            break
        numbers = {name: _number(sent.get(f"{start}.{name}", "")) for name in ("seconds", "columns", "rows")}
        tabs.append({"title": sent[f"{start}.title"].strip(), **numbers, "panels": _panels(sent, f"{start}.panels")})
    return {"name": sent.get("name", "").strip(), "title": sent.get("title", "").strip(), "tabs": tabs}


def _panels(sent: Mapping[str, str], start: str) -> list[dict[str, Any]]:
    found = []
    for place in range(MAX_SIDE**2):
        at = f"{start}.{place}"
        if f"{at}.kind" not in sent:
            break
        kind = sent[f"{at}.kind"]
        panel = panel_of_kind(kind)
        sizes = {name: _number(sent.get(f"{at}.{name}", "")) for name in ("width", "height")}
        options = {each.name: _option(each, sent.get(f"{at}.options.{each.name}", "")) for each in (panel.options if panel else ())}
        found.append({"kind": kind, "title": sent.get(f"{at}.title", "").strip(), **sizes, "options": options})
    return found


def _option(option: PanelOption, text: str) -> str | int:
    """The value of an option; browsers send the ends of lines as CR LF."""
    if isinstance(option.default, int):
        return _number(text) if text.strip() else option.default
    return text.replace("\r\n", "\n").strip()


def _number(text: str) -> str | int:
    return int(text) if _NUMBER.fullmatch(text.strip()) else text


def after_button(document: dict[str, Any], button: str, kind: str) -> dict[str, Any]:
    """The document after a button: `more` adds a tab, `up:1` and `drop:1` change tab 1, `up:1.0` and `drop:1.0` panel 0 of it, and
    `add:1` adds a panel of this kind to it."""
    found = _copy(document)
    if button == "more" and len(found["tabs"]) < MAX_TABS:
        found["tabs"].append(_copy(NEW_TAB))
    if not (match := _BUTTON.fullmatch(button)) or int(match[2]) >= len(found["tabs"]):
        return found
    action, tab = match[1], found["tabs"][int(match[2])]
    if action == "add":
        if panel_of_kind(kind) and len(tab["panels"]) < MAX_SIDE**2:
            tab["panels"].append(TabPanel(kind, "", 1, 1, {}).document | {"title": ""})
        return found
    entries, place = (found["tabs"], int(match[2])) if match[3] is None else (tab["panels"], int(match[3]))
    if place < len(entries):
        entry = entries.pop(place)
        if action == "up":
            entries.insert(max(0, place - 1), entry)
    return found


def _copy(document: Mapping[str, Any]) -> dict[str, Any]:
    """A copy of the lists and tables in a document, which a button changes."""
    return {
        name: [_copy(each) for each in value] if isinstance(value, list) else _copy(value) if isinstance(value, Mapping) else value
        for name, value in document.items()
    }
