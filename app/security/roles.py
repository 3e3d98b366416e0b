"""Roles, from least to most rights, and the mark of each view with its least role."""

from __future__ import annotations

from collections.abc import Callable
from enum import IntEnum, auto
from typing import Any, TypeVar

View = TypeVar("View", bound=Callable[..., Any])


class Role(IntEnum):
    """A set of rights; each role includes the rights of those before it. PUBLIC is the role without an account.

    A new role is one line in its place. The numbers are only for comparisons within a process: the database, tokens
    and addresses contain names.
    """

    PUBLIC = auto()
    VIEWER = auto()
    SHIFTER = auto()
    EXPERT = auto()
    OPERATOR = auto()
    ADMIN = auto()

    @property
    def title(self) -> str:
        """The name that is stored and shown."""
        return self.name.lower()

    @classmethod
    def of(cls, title: str) -> Role:
        """The role of this name. Raises ValueError if this version has no such role."""
        try:
            return cls[title.upper()]
        except KeyError:
            raise ValueError(f"There is no role {title}; the roles are {', '.join(role.title for role in GRANTED)}.") from None


GRANTED = tuple(role for role in Role if role > Role.PUBLIC)
"""The roles that an account can have."""


def needs(role: Role) -> Callable[[View], View]:
    """Mark a view with the least role that may use it. Without this mark nobody may use the view."""

    def mark(view: View) -> View:
        view.__dict__["least_role"] = role
        return view

    return mark


def least_role(view: Callable[..., Any]) -> Role | None:
    """The role that a view is marked with, or None."""
    role: Role | None = getattr(view, "least_role", None)
    return role
