"""Workspaces that a change of the path of a layout concerns."""

from __future__ import annotations

from app.gui.current import workspace_menu
from app.gui.layouts.models import LAYOUT, Arrangement
from app.gui.layouts.scopes import SCOPES


def listing_workspaces(row: Arrangement) -> list[str]:
    """The names of the active workspaces whose quick collection has the path of an active layout; none for a private one."""
    if row.kind != LAYOUT or row.owner or not row.active:
        return []
    workspaces = (workspace for scope in SCOPES for workspace in workspace_menu(scope).workspaces)
    return sorted({workspace.name for workspace in workspaces if row.path in workspace.quick})
