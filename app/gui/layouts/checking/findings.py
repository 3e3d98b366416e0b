"""Findings of a check of layouts and workspaces."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

UNKNOWN_PLOT, UNKNOWN_OVERLAY, UNKNOWN_ENTRY = "unknown-plot", "unknown-overlay", "unknown-quick-entry"
DUPLICATE_PLOT, DUPLICATE_PATH = "duplicate-plot", "duplicate-path"
DRAWING_OPTION, STRING_ROW, UNREACHABLE, INVALID = "drawing-option", "string-row", "unreachable", "invalid"

KINDS = {
    INVALID: "cannot be read",
    UNKNOWN_PLOT: "plots that no sample has",
    UNKNOWN_OVERLAY: "overlays that no sample has",
    UNKNOWN_ENTRY: "unknown entries of quick collections",
    DUPLICATE_PLOT: "plots that are twice in a layout",
    DUPLICATE_PATH: "paths that two layouts have",
    DRAWING_OPTION: "drawing options that cannot be used",
    STRING_ROW: "rows that are a text instead of a list of cells",
    UNREACHABLE: "layouts that nobody can reach",
}
"""Kinds of findings with their descriptions."""


class CheckFinding(NamedTuple):
    """Something that is wrong with a layout or workspace.

    Attributes:
        kind: One of KINDS.
        path: Path of the layout, or name of the workspace; "" for a whole file.
        scopes: Scopes for which it is wrong; empty for a private layout.
        place: Where it is in the document, as `rows[2][0].plot`; "" for the whole.
        value: The wrong value, such as the path of a plot; "" if it is no single value.
        problem: A sentence: what is wrong, and what would be right.
        near: Similar names, the nearest first.
        file: File that has the layout; "" for one of the database.
    """

    kind: str
    path: str
    scopes: tuple[str, ...]
    place: str
    value: str
    problem: str
    near: tuple[str, ...] = ()
    file: str = ""

    def __str__(self) -> str:
        scopes = f" ({', '.join(self.scopes)})" if self.scopes else ""
        where = ", ".join(part for part in (self.file, f"{self.path}{scopes}".strip(), self.place) if part)
        return f"{where}: {self.problem}"


def unknown(subject: str, near: Iterable[str]) -> str:
    """The sentence on a name that does not exist; `subject` says what does not exist, and where."""
    first, *others = [*near, ""]
    more = f" (also {', '.join(others[:-1])})" if len(others) > 1 else ""
    return f"{subject}; {f'the nearest is {first}{more}' if first else 'no name is similar'}"
