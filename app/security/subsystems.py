"""Limits of the role expert to subsystems: `expert:Pixel` may edit what belongs to Pixel, and nothing of other subsystems.

Upper and lower case are alike: what layouts call Hcal is HCAL in trends.
"""

from __future__ import annotations

from shlex import quote

from flask import has_request_context

from app.security.caller import Caller, current_user, role_remedy
from app.security.roles import Role, is_limit
from app.web import Problem


def may_edit(subsystem: str) -> bool:
    """Whether the sender of this request may edit what belongs to a subsystem."""
    return _covers(current_user(), subsystem)


def check_may_edit(subsystem: str) -> None:
    """Raise Problem 403 unless the sender of this request may edit what belongs to a subsystem.

    Outside of requests, commands and background jobs may edit everything.
    """
    if not has_request_context():
        return
    caller = current_user()
    if not _covers(caller, subsystem):
        is_expert = caller.role == Role.EXPERT
        own = f"you are expert of {caller.subsystems.replace(',', ', ')}" if is_expert else f"you are {caller.role.title}"
        name = subsystem if is_limit(subsystem) and " " not in subsystem else f"“{subsystem}”"
        granted = quote(f"expert:{subsystem}") if is_limit(subsystem) else "expert"
        raise Problem(403, f"Needs the role expert for {name} ({own}); {role_remedy(caller, granted)}")


def _covers(caller: Caller, subsystem: str) -> bool:
    if caller.role != Role.EXPERT:
        return caller.role > Role.EXPERT
    return not caller.subsystems or subsystem.casefold() in caller.subsystems.casefold().split(",")
