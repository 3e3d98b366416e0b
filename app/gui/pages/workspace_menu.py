"""The menu of workspaces on the pages of a sample."""

from __future__ import annotations

from typing import NamedTuple
from urllib.parse import quote

from app.gui.current import workspace_menu
from app.gui.layouts.scopes import scope_of
from app.gui.layouts.showing.workspaces import SHIFT_FOLDER, WorkspaceMenu, shown_kind
from app.gui.layouts.workspace import Workspace
from app.gui.view import View

_MARK = "\ue000"  # stands for a name; no workspace has this letter, which is for private use


class WorkspaceLink(NamedTuple):
    """A workspace in the menu."""

    name: str
    address: str
    is_current: bool


class WorkspaceBar(NamedTuple):
    """The menu with the workspace of the page."""

    scope: str
    current: str  # name of the workspace of this page, or ""
    unknown: str  # a name in the address that no workspace of the scope has, or ""
    previous: str  # address of the workspace before it in the menu, or ""
    following: str
    without: str  # address of the page without workspace
    categories: list[tuple[str, list[WorkspaceLink]]]


def menu_of(view: View) -> WorkspaceMenu:
    """The workspaces for the sample of a view."""
    return workspace_menu(scope_of(view.key.dataset))


def workspace_of(view: View) -> Workspace | None:
    """The workspace of a view; None without one, and if its scope has none of this name."""
    return menu_of(view).find(view.ws) if view.ws else None


def workspace_root(workspace: Workspace) -> bytes:
    """The folder that is the top of a workspace; views of the kind shift show nothing else."""
    return SHIFT_FOLDER.encode() if shown_kind(workspace) == "shift" else b""


class WorkspaceAddresses:
    """The addresses of the pages of workspaces on the sample of a view, with its size, references and marks."""

    def __init__(self, view: View) -> None:
        address = view.of_folder(b"").replace(ws=_MARK, only="").address  # once, since a menu can have fifty workspaces
        self._before, _, self._after = address.partition(quote(_MARK))

    def of(self, name: str) -> str:
        """The address of the page of a workspace; "" for no name."""
        return f"{self._before}{quote(name, safe='')}{self._after}" if name else ""


def workspace_bar(view: View) -> WorkspaceBar | None:
    """The menu for the page of a view; None for a scope without workspaces."""
    menu, current, addresses = menu_of(view), workspace_of(view), WorkspaceAddresses(view)
    if not menu.categories and not view.ws:
        return None
    name = current.name if current else ""
    previous, following = menu.neighbours(name)
    links = [
        (category.name, [WorkspaceLink(each.name, addresses.of(each.name), each is current) for each in category.workspaces])
        for category in menu.categories
    ]
    return WorkspaceBar(
        scope_of(view.key.dataset),
        name,
        "" if current else view.ws,
        addresses.of(previous),
        addresses.of(following),
        view.replace(ws="").address,
        links,
    )
