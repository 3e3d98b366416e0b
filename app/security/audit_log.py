"""The audit log: each command, edit, sign-in and change of an account is a row that nobody can change."""

from __future__ import annotations

import os
import time
from collections.abc import Callable

from app.core.file_rights import user_name
from app.security.models import Audit

ActorProvider = Callable[[], str]
_providers: list[ActorProvider] = []
"""Names the user of the current request, "" outside of one; `app.security.init_app` sets it."""


def set_actor_provider(provider: ActorProvider) -> None:
    """Set the function that names the user of the current request."""
    _providers[:] = [provider]


def audit(action: str, target: str, reason: str = "", answer: str = "", *, user: str = "") -> None:
    """Add a row to the audit log.

    Args:
        action: e.g. "sign in" or "register".
        target: what the action was applied to.
        reason: why, in the user's words.
        answer: outcome of the action.
        user: who acted; by default the user of the current request or, on the command line, the account of the
            operating system.
    """
    Audit.create(at=time.time(), user=user or acting_user(), action=action, target=target, reason=reason, answer=answer)


def acting_user() -> str:
    """The user of the current request; on the command line, the account of the operating system."""
    return next(filter(None, (provider() for provider in _providers)), "") or f"{_system_account()} (command line)"


def _system_account() -> str:
    return user_name(os.getresuid()[2])  # the saved one: commands of the superuser act as the user of the services
