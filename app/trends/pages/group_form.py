"""The form of a display group while it is edited: its fields, and buttons that change the list of series without storing it."""

from __future__ import annotations

from dataclasses import dataclass, replace

from werkzeug.datastructures import MultiDict

from app.trends.groups.group import MAX_SERIES, PREFIX, DisplayGroup
from app.web.arguments import parse_int

BLANKS = 3
"""Empty fields for further series."""

MAX_ID = 2**31 - 1
"""Greatest number of a row."""


@dataclass(frozen=True)
class GroupForm:
    """The fields of the form.

    Attributes:
        group: Id of the group; 0 for a new one.
        version: Of the group when it was read; 0 for a new one.
        series: Names, also empty ones.
    """

    subsystem: str
    group: int = 0
    version: int = 0
    name: str = ""
    title: str = ""
    y_title: str = ""
    correlation: bool = False
    series: tuple[str, ...] = ("",) * BLANKS

    @property
    def edited(self) -> DisplayGroup:
        """The group that the form describes, not checked; without a title its name is the title."""
        series = tuple(name for name in self.series if name)
        return DisplayGroup(self.name, self.title or self.name, self.y_title, self.subsystem, self.correlation, series)

    def after(self, button: str) -> GroupForm:
        """The form after a button of its list of series: `more`, `up:2`, `down:2`, `drop:2`."""
        series = list(self.series)
        action, _, text = button.partition(":")
        place = parse_int(text, len(series) - 1) if text else None
        if action == "more":
            series += [""] * BLANKS
        elif place is not None and action == "drop":
            del series[place]
        elif place is not None and action in ("up", "down"):
            other = place - 1 if action == "up" else place + 1
            if 0 <= other < len(series):
                series[place], series[other] = series[other], series[place]
        return replace(self, series=tuple(series[: MAX_SERIES + BLANKS]) or ("",))


def form_of(group: DisplayGroup, number: int, version: int) -> GroupForm:
    """The form of a stored group."""
    return GroupForm(group.subsystem, number, version, group.name, group.title, group.y_title, group.correlation, (*group.series, ""))


def form_from_request(subsystem: str, sent: MultiDict[str, str]) -> GroupForm:
    """The form as it was sent."""
    name, title, y_title = (sent.get(field, "").strip() for field in ("name", "title", "y_title"))
    group, version = (parse_int(sent.get(field, ""), MAX_ID) or 0 for field in ("group", "version"))
    series = tuple(name.strip().removeprefix(PREFIX) for name in sent.getlist("series")[: MAX_SERIES + BLANKS])
    return GroupForm(subsystem, group, version, name, title, y_title, "correlation" in sent, series or ("",))
