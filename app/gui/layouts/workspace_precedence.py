"""Which of several sets of workspaces is shown: that of the new front end, and of the classic ones those of scopes that it lacks."""

from __future__ import annotations

from collections.abc import Iterable

from app.gui.layouts.contents import Content
from app.gui.layouts.scopes import SCOPES
from app.gui.layouts.store import active_workspaces
from app.gui.layouts.workspace import Workspace

FRONTEND = "frontend"
CLASSIC = ("classic_sample", "classic_production")
"""Values of `Workspace.file` for the sets of `dqm-workspaces/1`."""


def frontend_scopes(contents: Iterable[Content]) -> set[str]:
    """The scopes for which the new front end has workspaces, among these contents or active ones."""
    stored = (each.content for scope in SCOPES for each in active_workspaces(scope))
    return {scope for each in (*contents, *stored) if isinstance(each, Workspace) and each.file == FRONTEND for scope in each.scopes}


def is_classic(content: Content) -> bool:
    """Whether it is a workspace of a classic set, which gives way to others of its name."""
    return isinstance(content, Workspace) and content.file in CLASSIC
