"""The menu of workspaces of a scope: those that are active, by category and rank."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from app.core.counters import version_of
from app.gui.layouts.editing.store import StoredArrangement, active_workspaces
from app.gui.layouts.models import COUNTER
from app.gui.layouts.workspace import Workspace

SHIFT_FOLDER, SUMMARY_FOLDER = "00 Shift", "Summary"
"""Folders of the workspaces Shift and Summary of the React front end of the legacy DQM GUI; they stand for the kinds shift and quality."""


class WorkspaceCategory(NamedTuple):
    """Workspaces below one heading of the menu."""

    name: str
    workspaces: list[Workspace]


class WorkspaceMenu:
    """The active workspaces of a scope.

    Attributes:
        categories: In the order of the menu.
        numbers: Number of the arrangement of each workspace, by its name.
    """

    def __init__(self, found: Iterable[StoredArrangement] = ()) -> None:
        """`found`: the workspaces, by rank; one without a name, since its stored text is damaged, is left out."""
        self.numbers: dict[str, int] = {}
        by_category: dict[str, list[Workspace]] = {}
        for each in found:
            if isinstance(each.content, Workspace) and each.content.name:
                self.numbers[each.content.name] = each.arrangement
                by_category.setdefault(each.content.category, []).append(each.content)
        self.categories = [WorkspaceCategory(name, workspaces) for name, workspaces in by_category.items()]

    @property
    def workspaces(self) -> list[Workspace]:
        """All of them, in the order of the menu."""
        return [workspace for category in self.categories for workspace in category.workspaces]

    def find(self, name: str) -> Workspace | None:
        """The workspace with this name; upper and lower case are the same unless both exist. None if there is none."""
        named = [each for each in self.workspaces if each.name.lower() == name.lower()]
        return next((each for each in named if each.name == name), named[0] if named else None)

    def neighbours(self, name: str) -> tuple[str, str]:
        """The names of the previous and the next workspace of the menu; "" for none."""
        names = ["", *(each.name for each in self.workspaces), ""]
        at = names.index(name) if name in self.numbers else 0
        return (names[at - 1], names[at + 1]) if at else ("", "")


class WorkspaceMenus:
    """The menus of one process; they are read again when an arrangement was activated or removed."""

    def __init__(self) -> None:
        self._menus: dict[str, tuple[int, WorkspaceMenu]] = {}

    def of_scope(self, scope: str) -> WorkspaceMenu:
        """The current menu of a scope."""
        version = version_of(COUNTER)  # before the query, so that no change is left out
        known, menu = self._menus.get(scope, (-1, WorkspaceMenu()))
        if known != version:
            menu = WorkspaceMenu(active_workspaces(scope))
            self._menus[scope] = version, menu
        return menu


def shown_kind(workspace: Workspace) -> str:
    """The kind of the page of a workspace; a workspace of one known folder has the kind that this folder stands for."""
    if workspace.kind == "content" and workspace.folders in ((SHIFT_FOLDER,), (SUMMARY_FOLDER,)):
        return "shift" if workspace.folders == (SHIFT_FOLDER,) else "quality"
    return workspace.kind
