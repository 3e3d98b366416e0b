"""The right to change an arrangement: experts of its subsystem have it, for a private one only its owner."""

from __future__ import annotations

from app.gui.layouts.errors import PrivateArrangement
from app.gui.layouts.subsystems import subsystem_of
from app.security.caller import acts_as
from app.security.subsystems import check_may_edit, may_edit


def may_change(owner: str, *paths: str) -> bool:
    """Whether the sender of this request may change an arrangement with these paths, such as those before and after a change."""
    return acts_as(owner) if owner else all(may_edit(subsystem_of(path)) for path in paths)


def check_may_change(owner: str, *paths: str) -> None:
    """Raise PrivateArrangement, or Problem 403 that names the missing role, unless the sender of this request may change it.

    Commands and background jobs may change everything.
    """
    if not owner:
        for path in paths:
            check_may_edit(subsystem_of(path))
    elif not acts_as(owner):
        raise PrivateArrangement(f"This is private to {owner}: make a copy to change it")
