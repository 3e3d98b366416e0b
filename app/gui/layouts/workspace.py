"""A workspace, with its document in the form `dqm-layouts/2`; docs/users/layout-files.md describes it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from app.gui.layouts.layout import FOR_ALL, Fits

KINDS = ("content", "quality", "summary", "shift", "certification")
"""What a workspace shows: folders; report summary maps; their values; the layouts of the shift; certification values."""


@dataclass(frozen=True)
class Workspace:
    """A choice of folders with a quick collection; its identity is its name in each of its scopes.

    Attributes:
        scopes: Some of SCOPES of app.gui.layouts.scopes, in that order; empty for a private one.
        category: Heading above it in the menu.
        rank: Place in the menu; equal ones are in the order of the file.
        kind: One of KINDS.
        folders: Folders that it shows, with all below; empty: all folders; None: no folders, the quick collection alone.
        match: Regular expression that the paths of its monitor elements match, as the classic DQM GUI has it; "" for none.
        layouts: Folder of its layouts; "" for `<name>/Layouts`, None if it has none.
        quick: Paths of layouts or plots, in order. A workspace shows them first.
        fits: For which runs it is meant.
        file: Where it comes from, or "".
        extra: Fields of that file which the product does not use.
    """

    name: str
    scopes: tuple[str, ...]
    category: str = ""
    rank: int = 0
    kind: str = "content"
    folders: tuple[str, ...] | None = ()
    match: str = ""
    layouts: str | None = None
    quick: tuple[str, ...] = ()
    fits: Fits = FOR_ALL
    file: str = ""
    extra: tuple[tuple[str, Any], ...] = ()

    @property
    def path(self) -> str:
        """The name: what identifies a workspace as the path does a layout."""
        return self.name

    def with_scopes(self, scopes: tuple[str, ...]) -> Workspace:
        """The same workspace in other scopes."""
        return replace(self, scopes=scopes)

    @property
    def document(self) -> dict[str, Any]:
        """The workspace in the form `dqm-layouts/2`, without fields that have their default values."""
        fields: dict[str, Any] = {"name": self.name, "scope": list(self.scopes), "category": self.category, "rank": self.rank}
        fields |= {"kind": "" if self.kind == KINDS[0] else self.kind, "match": self.match, "quick": list(self.quick)}
        fields |= {"keys": list(self.fits.keys), "beams": list(self.fits.beams), "file": self.file, "extra": dict(self.extra)}
        found = {name: value for name, value in fields.items() if value}
        if self.folders != ():
            found["folders"] = None if self.folders is None else list(self.folders)
        return found | ({} if self.layouts is None else {"layouts": self.layouts})
