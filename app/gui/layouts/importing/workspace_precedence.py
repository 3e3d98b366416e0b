"""Selects the set of workspaces that is shown: that of the new front end, or the classic ones in scopes that it lacks."""

from __future__ import annotations

from collections.abc import Iterable

from app.core.counters import advance
from app.core.database import proxy
from app.gui.layouts.contents import Content
from app.gui.layouts.editing.store import active_workspaces
from app.gui.layouts.models import COUNTER, Arrangement, ArrangementPlace
from app.gui.layouts.scopes import SCOPES
from app.gui.layouts.workspace import Workspace
from app.security.audit_log import audit

FRONTEND = "frontend"
CLASSIC = ("classic_sample", "classic_production")
"""Values of `Workspace.file` for the sets of `dqm-workspaces/1`."""


def frontend_scopes(contents: Iterable[Content]) -> set[str]:
    """The scopes for which the new front end has workspaces, among these contents or active ones."""
    return _frontend_scopes((*contents, *(each.content for scope in SCOPES for each in active_workspaces(scope))))


def _frontend_scopes(contents: Iterable[Content]) -> set[str]:
    return {scope for each in contents if isinstance(each, Workspace) and each.file == FRONTEND for scope in each.scopes}


def hide_classic(contents: Iterable[Content], user: str) -> None:
    """Hide the classic workspaces of a scope before the first import of workspaces of the new front end, except those that people edited.

    They are not removed: exports have them, and the next import does not show them again.
    """
    shown = [each for scope in SCOPES for each in active_workspaces(scope)]
    new = _frontend_scopes(contents) - _frontend_scopes(each.content for each in shown)
    numbers = {each.arrangement for each in shown if is_classic(each.content) and new.issuperset(each.content.scopes)}
    if numbers:
        table, place = Arrangement, ArrangementPlace
        with proxy.atomic():
            hidden = table.update(active=0, changed=advance(COUNTER)).where(table.id.in_(numbers), table.active == table.imported)
            if number := hidden.execute():
                audit("hide workspaces", f"{number} of the classic DQM GUI", "The new front end has workspaces now", user=user)
            still = table.select(table.id).where(table.id.in_(numbers), table.active > 0)
            place.delete().where(place.arrangement.in_(numbers), place.arrangement.not_in(still)).execute()


def is_classic(content: Content) -> bool:
    """Whether it is a workspace of a classic set, which others of the same name replace."""
    return isinstance(content, Workspace) and content.file in CLASSIC
