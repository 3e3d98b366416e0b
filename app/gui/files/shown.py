"""Paths of files on pages and in the API: shifters see them whole, viewers see the names of the files only."""

from __future__ import annotations

from app.core.urls import base_name, without_folder
from app.security import Role
from app.security.caller import current_user


def shown_path(url: str) -> str:
    """The path of a file, as the current user may see it."""
    return url if _may_see_folders() else base_name(url)


def shown_text(text: str, url: str) -> str:
    """A text about a file, as the current user may see it."""
    return text if _may_see_folders() else without_folder(text, url)


def _may_see_folders() -> bool:
    return current_user().role >= Role.SHIFTER
