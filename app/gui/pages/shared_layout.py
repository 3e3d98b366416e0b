"""The private layout that a page of a sample shows: one of the signed-in user, or one that its owner shares by a link."""

from __future__ import annotations

from app.core.request_cache import once_per_request
from app.gui.layouts.editing import private
from app.gui.layouts.editing.private import PrivateLayout
from app.security.caller import current_user


@once_per_request
def shared_layout(shared: str) -> PrivateLayout:
    """The private layout of the field `shared` of a view, if the sender of this request may see it. Raises UnknownArrangement."""
    return private.shown_layout(browser_user(), shared)


def browser_user() -> str:
    """The name of the signed-in user of this browser; "" for others, and for scripts with a token."""
    caller = current_user()
    return "" if caller.is_token else caller.name
