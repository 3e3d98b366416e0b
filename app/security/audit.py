"""The audit log: every command, edit, sign-in and change of accounts is one row that nobody can change."""

from __future__ import annotations

import os
import pwd
import time

from flask import has_request_context, request

from app.security.models import Audit


def audit(action: str, target: str, reason: str = "", answer: str = "", *, user: str = "") -> None:
    """Add a row. action: "sign in", "register", ...; target: on what; reason: why, in the user's words; answer: what became of it.

    user: who, when it is not the user of this request (on the command line: the account of the operating system).
    """
    Audit.create(at=time.time(), user=user or _actor(), action=action, target=target, reason=reason, answer=answer)


def _actor() -> str:
    if not has_request_context():
        return f"{_account()} (command line)"
    from app.security.caller import current_user  # which needs tokens and accounts, and these this module

    return current_user().name or f"anonymous at {request.remote_addr}"


def _account() -> str:
    try:
        return pwd.getpwuid(os.getuid()).pw_name
    except KeyError:  # a container may run under a number that has no name
        return str(os.getuid())
