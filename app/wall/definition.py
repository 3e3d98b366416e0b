"""The definition of a wall: its tabs, and their panels in a grid. Documents are JSON objects or TOML tables of the same form."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, NamedTuple

from app.wall.errors import InvalidWall
from app.wall.panels import checked_options, panel_of_kind, panels

NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,39}")
RESERVED = ("new",)
MAX_TITLE = 60
MAX_TABS = 20
MAX_SIDE = 6
"""Most columns and rows of the grid of a tab."""
SECONDS = 10, 600
"""Shortest and longest time that a tab is shown before the next one."""


class TabPanel(NamedTuple):
    """A panel of a tab. Panels fill the grid row by row in their order, each in the first place that has room for it."""

    kind: str
    title: str  # "": that of the kind
    width: int  # columns
    height: int  # rows
    options: Mapping[str, str | int]  # those that differ from the default

    @property
    def document(self) -> dict[str, Any]:
        """Its part of a document."""
        title = {"title": self.title} if self.title else {}
        return {"kind": self.kind, **title, "width": self.width, "height": self.height, "options": dict(self.options)}

    @property
    def shown_title(self) -> str:
        """The heading."""
        found = panel_of_kind(self.kind)
        return self.title or (found.title if found else self.kind)


class WallTab(NamedTuple):
    """One screen of a wall."""

    title: str
    seconds: int
    columns: int
    rows: int
    panels: tuple[TabPanel, ...]

    @property
    def document(self) -> dict[str, Any]:
        """Its part of a document."""
        return {**self._asdict(), "panels": [panel.document for panel in self.panels]}


class WallDefinition(NamedTuple):
    """A wall."""

    name: str
    title: str
    tabs: tuple[WallTab, ...]

    @property
    def document(self) -> dict[str, Any]:
        """The document that `parse_wall` reads."""
        return {**self._asdict(), "tabs": [tab.document for tab in self.tabs]}


class _Problems(list[tuple[str, str]]):
    """Places and problems of wrong parts, which grow while a document is read."""

    def table(self, value: Any, place: str, names: tuple[str, ...]) -> dict[str, Any]:
        """The fields of a table; {} for anything else."""
        if not isinstance(value, dict):
            self.append((place, f"Expected a table with {', '.join(names)}"))
            return {}
        self += [(_join(place, str(name)), f"There is no such field; there are {', '.join(names)}") for name in value if name not in names]
        return value

    def number(self, fields: Mapping[str, Any], place: str, default: int, bounds: tuple[int, int]) -> int:
        """A whole number, the last part of whose place is its name."""
        value = fields.get(place.rpartition(".")[2], default)
        if isinstance(value, int) and not isinstance(value, bool) and bounds[0] <= value <= bounds[1]:
            return value
        self.append((place, f"Expected a whole number from {bounds[0]} to {bounds[1]}"))
        return default

    def title(self, fields: Mapping[str, Any], place: str, *, required: bool) -> str:
        """A line for people."""
        value = fields.get("title", "")
        if isinstance(value, str) and value.isprintable() and len(value) <= MAX_TITLE and (value.strip() or not required):
            return value.strip()
        self.append((_join(place, "title"), f"Expected a line of {'1' if required else '0'} to {MAX_TITLE} characters"))
        return ""

    def entries(self, fields: Mapping[str, Any], place: str, highest: int) -> list[tuple[str, Any]]:
        """Place and value of each entry of a list of at least one."""
        value = fields.get(place.rpartition(".")[2])
        if isinstance(value, list) and 1 <= len(value) <= highest:
            return [(f"{place}[{index}]", entry) for index, entry in enumerate(value)]
        self.append((place, f"Expected a list of 1 to {highest} entries"))
        return []


def parse_wall(document: Any) -> WallDefinition:
    """The wall of a document. Raises InvalidWall."""
    problems = _Problems()
    fields = problems.table(document, "", WallDefinition._fields)
    name = fields.get("name")
    if not (isinstance(name, str) and NAME.fullmatch(name) and name not in RESERVED):
        problems.append(("name", "Expected 1 to 40 letters a-z, digits, _ and -, the first one a letter or digit; “new” is reserved"))
    title = problems.title(fields, "", required=True)
    tabs = [_tab(value, place, problems) for place, value in problems.entries(fields, "tabs", MAX_TABS)]
    if problems:
        raise InvalidWall(problems)
    return WallDefinition(str(name), title, tuple(tabs))


def stored_wall(document: Mapping[str, Any]) -> WallDefinition:
    """The wall of a document that was checked when it was stored: after an upgrade some kinds of panels may be unknown, and the others are shown."""
    tabs = [WallTab(**tab | {"panels": tuple(TabPanel(**{"title": ""} | panel) for panel in tab["panels"])}) for tab in document["tabs"]]
    return WallDefinition(document["name"], document["title"], tuple(tabs))


def _tab(value: Any, place: str, problems: _Problems) -> WallTab:
    fields = problems.table(value, place, WallTab._fields)
    sides = [problems.number(fields, f"{place}.{name}", 1, (1, MAX_SIDE)) for name in ("columns", "rows")]
    seconds = problems.number(fields, f"{place}.seconds", 30, SECONDS)
    title = problems.title(fields, place, required=True)
    found = [_panel(each, at, problems) for at, each in problems.entries(fields, f"{place}.panels", MAX_SIDE**2)]
    tab = WallTab(title, seconds, sides[0], sides[1], tuple(found))
    if not fits(tab):
        problems.append((f"{place}.panels", f"They do not fit into {tab.columns} columns and {tab.rows} rows in this order"))
    return tab


def _panel(value: Any, place: str, problems: _Problems) -> TabPanel:
    fields = problems.table(value, place, TabPanel._fields)
    title = problems.title(fields, place, required=False)
    width, height = (problems.number(fields, f"{place}.{name}", 1, (1, MAX_SIDE)) for name in ("width", "height"))
    kind, options = fields.get("kind"), fields.get("options", {})
    panel = panel_of_kind(kind) if isinstance(kind, str) else None
    if panel is None:
        problems.append((f"{place}.kind", f"Expected one of {', '.join(each.kind for each in panels())}"))
        return TabPanel("", title, width, height, {})
    values = problems.table(options, f"{place}.options", tuple(option.name for option in panel.options))
    checked, wrong = checked_options(panel, values)
    problems += [(f"{place}.options.{name}", problem) for name, problem in wrong]
    return TabPanel(panel.kind, title, width, height, checked)


def fits(tab: WallTab) -> bool:
    """Whether the grid of a tab has room for its panels, placed as browsers do with `grid-auto-flow: dense`."""
    taken: set[tuple[int, int]] = set()
    for panel in tab.panels:
        places = ((row, column) for row in range(tab.rows - panel.height + 1) for column in range(tab.columns - panel.width + 1))
        cells = ({(row + down, column + right) for down in range(panel.height) for right in range(panel.width)} for row, column in places)
        free = next((each for each in cells if not each & taken), None)
        if free is None:
            return False
        taken |= free
    return True


def _join(place: str, name: str) -> str:
    return f"{place}.{name}" if place else name
