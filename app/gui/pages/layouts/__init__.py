"""Pages that manage layouts and workspaces: lists, history, editor."""

from app.gui.pages.layouts import detail, editing, workspace_editing
from app.gui.pages.layouts.lists import blueprint

__all__ = ["blueprint", "detail", "editing", "workspace_editing"]
