"""The form of a workspace: lists are texts with one path a line."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from werkzeug.datastructures import MultiDict

from app.gui.layouts.scopes import SCOPES
from app.gui.layouts.workspace import KINDS, Workspace
from app.gui.samples import LARGEST
from app.web.arguments import parse_int

ALL, LISTED, NONE = "all", "listed", "none"
"""Values of `folders`: all folders, those of the list, or none: the quick collection alone."""

STORED = ("save", "activate")
"""Buttons that store the workspace."""


@dataclass(frozen=True)
class WorkspaceForm:
    """The fields of the form as they were typed; lists as lines, and `keys` and `beams` with commas."""

    name: str = ""
    scopes: tuple[str, ...] = (SCOPES[0],)
    category: str = ""
    rank: str = "0"
    kind: str = KINDS[0]
    folders: str = ALL
    folder_lines: str = ""
    match: str = ""
    layouts: str = ""
    quick_lines: str = ""
    keys: str = ""
    beams: str = ""
    reason: str = ""
    based_on: int = 0  # number of the newest version when the edit began; 0 for a new workspace
    replaces: int = 0  # number of a later version of somebody else, which the form has shown and the draft will replace; 0 for none
    begun: int = 0  # number of the version that the form began with, an earlier one if the newest is a draft that is left out

    @property
    def quick(self) -> list[str]:
        """The paths of the quick collection, which can end in blanks."""
        return _lines(self.quick_lines)

    @property
    def listed_folders(self) -> list[str]:
        """The folders of the list, whether the choice is these folders or not."""
        return _lines(self.folder_lines)

    def document(self, stored: Workspace | None) -> dict[str, Any]:
        """The workspace as a document `dqm-layouts/2`, not checked, with the fields of a stored one that are not edited."""
        folders = {ALL: [], LISTED: self.listed_folders, NONE: None}.get(self.folders, [])
        rank = parse_int(self.rank, LARGEST)
        has_usual_layouts = stored is not None and stored.layouts == "" and self.layouts == f"{stored.name}/Layouts"
        return {
            "name": self.name,
            "scope": list(self.scopes),
            "category": self.category,
            "rank": self.rank if rank is None else rank,
            "kind": self.kind,
            "folders": folders,
            "match": self.match,
            "quick": self.quick,
            "keys": _words(self.keys),
            "beams": _words(self.beams),
            "file": stored.file if stored else "",
            "extra": dict(stored.extra) if stored else {},
        } | ({"layouts": "" if has_usual_layouts else self.layouts} if self.layouts else {})


def form_of(workspace: Workspace, based_on: int, begun: int) -> WorkspaceForm:
    """The form of a stored workspace; arguments as of WorkspaceForm."""
    keys, beams = (", ".join(words) for words in workspace.fits)
    return WorkspaceForm(
        name=workspace.name,
        scopes=workspace.scopes,
        category=workspace.category,
        rank=str(workspace.rank),
        kind=workspace.kind,
        folders=NONE if workspace.folders is None else LISTED if workspace.folders else ALL,
        folder_lines="\n".join(workspace.folders or ()),
        match=workspace.match,
        layouts=f"{workspace.name}/Layouts" if workspace.layouts == "" else workspace.layouts or "",
        quick_lines="\n".join(workspace.quick),
        keys=keys,
        beams=beams,
        based_on=based_on,
        begun=begun,
    )


def form_from_request(sent: MultiDict[str, str]) -> WorkspaceForm:
    """The form as it was sent."""
    texts = {
        name: sent.get(name, "").strip() for name in ("name", "category", "rank", "kind", "folders", "layouts", "keys", "beams", "reason")
    }
    return WorkspaceForm(
        **texts,
        scopes=tuple(scope for scope in SCOPES if scope in sent.getlist("scope")),
        folder_lines=sent.get("folder_lines", ""),
        match=sent.get("match", ""),
        quick_lines=sent.get("quick_lines", ""),
        based_on=parse_int(sent.get("based_on", ""), LARGEST) or 0,
        replaces=parse_int(sent.get("replaces", ""), LARGEST) or 0,
        begun=parse_int(sent.get("begun", ""), LARGEST) or 0,
    )


def _lines(text: str) -> list[str]:
    return [line for line in text.replace("\r\n", "\n").split("\n") if line.strip()]


def _words(text: str) -> list[str]:
    return text.replace(",", " ").split()
