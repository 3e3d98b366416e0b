"""Roles, from the least to the most, and the mark that each view carries."""

from __future__ import annotations

from collections.abc import Callable
from enum import IntEnum
from typing import Any, TypeVar

View = TypeVar("View", bound=Callable[..., Any])


class Role(IntEnum):
    """What somebody may do; each role includes those below it. PUBLIC is nobody in particular."""

    PUBLIC = 0
    VIEWER = 1
    SHIFTER = 2
    EXPERT = 3
    OPERATOR = 4
    ADMIN = 5

    @property
    def title(self) -> str:
        return self.name.lower()


GRANTED = tuple(role for role in Role if role > Role.PUBLIC)
"""The roles that an account can have."""


def needs(role: Role) -> Callable[[View], View]:
    """Mark a view with the least role that may use it; a view without the mark is refused to everybody."""

    def mark(view: View) -> View:
        view.__dict__["least_role"] = role
        return view

    return mark


def least_role(view: Callable[..., Any]) -> Role | None:
    """The role a view was marked with, or None."""
    role: Role | None = getattr(view, "least_role", None)
    return role
