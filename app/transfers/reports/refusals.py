"""Rows of the audit log about reports, or parts of them, that cannot be used."""

from __future__ import annotations

from app.security.audit_log import audit
from app.security.models import Audit

ACTION = "report transfers"
REPEAT_S = 3600.0
"""The same refusal has one row in this time: a process reports each 10 s."""
LOOK_BACK = 1000
"""Newest rows that are searched for it, as the log has no index of times."""


def audit_refusal(user: str, target: str, problem: str, now: float) -> None:
    """Add a row, unless there is a recent one of the same.

    Args:
        user: The user who sent the report.
        target: The process that sent it.
        problem: What is wrong.
        now: Unix s.
    """
    newest = Audit.select(Audit.id).order_by(Audit.id.desc()).limit(1).scalar() or 0
    is_same = Audit.action == ACTION, Audit.user == user, Audit.target == target, Audit.answer == problem
    if not Audit.select(Audit.id).where(Audit.id > newest - LOOK_BACK, Audit.at > now - REPEAT_S, *is_same).exists():
        audit(ACTION, target, answer=problem, user=user)
