"""Roles, from the least to the most, and the mark that each view carries."""

from __future__ import annotations

from collections.abc import Callable
from enum import IntEnum, auto
from typing import Any, TypeVar

View = TypeVar("View", bound=Callable[..., Any])


class Role(IntEnum):
    """What somebody may do; each role includes those above it in this list. PUBLIC is the role without an account.

    A new role is a line in its place. The numbers are for comparisons in one process only: the database, tokens and
    addresses hold names.
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
        """The role of this name; ValueError for one that this version does not have."""
        try:
            return cls[title.upper()]
        except KeyError:
            raise ValueError(f"There is no role {title}; there are {', '.join(role.title for role in GRANTED)}.") from None


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
