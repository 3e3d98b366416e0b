"""Security: roles, accounts, tokens, the guard before each request, the headers of each response, and the audit log."""

from __future__ import annotations

from typing import TYPE_CHECKING

from app.security.roles import Role, needs

if TYPE_CHECKING:
    from flask import Flask

__all__ = ["Role", "init_app", "needs"]


def init_app(app: Flask) -> None:
    """Add security to the application."""
    from app.security import setup

    setup.init_app(app)
