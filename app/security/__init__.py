"""Security: roles, accounts, tokens, the guard before each request, the headers of each response, and the audit log."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from app.security.roles import Role, needs

if TYPE_CHECKING:
    from flask import Flask

    from app.security.audit_log import audit
    from app.security.caller import Caller, current_user, trusted
    from app.security.setup import may

__all__ = ["Caller", "Role", "audit", "current_user", "init_app", "may", "needs", "trusted"]

_MODULES = {
    "Caller": "caller",
    "audit": "audit_log",
    "current_user": "caller",
    "may": "setup",
    "trusted": "caller",
}


def init_app(app: Flask) -> None:
    """Add security to the application."""
    from app.security import setup

    setup.init_app(app)


def __getattr__(name: str) -> Any:
    """Load Flask and the tables with the first function that needs them, so that commands of `dqmhub` start fast."""
    if name not in _MODULES:
        raise AttributeError(f"module {__name__} has no attribute {name}")
    return getattr(import_module(f"{__name__}.{_MODULES[name]}"), name)
