"""Roles, from least to most rights, their limits to subsystems, and the mark of each view with its least role."""

from __future__ import annotations

import re
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


_LIMIT = re.compile(r"(?=.{1,64}\Z)[A-Za-z0-9_+-]+( [A-Za-z0-9_+-]+)*")


def parse_role(text: str) -> tuple[Role, str]:
    """The role and the subsystems, separated by commas, of a text such as `expert:Pixel,SiStrips`; "" without a limit.

    Raises ValueError with a sentence if there is no such role, it cannot be limited, or the limit has no names of subsystems.
    """
    title, colon, subsystems = text.partition(":")
    role = Role.of(title)
    if colon and role != Role.EXPERT:
        raise ValueError(f"Only the role expert can be limited to subsystems, not {title}")
    if colon and not all(map(is_limit, subsystems.split(","))):
        raise ValueError(f"Expected names of subsystems after expert:, as in expert:Pixel,SiStrips, not {subsystems[:100]!r}")
    return role, subsystems


def is_limit(subsystem: str) -> bool:
    """Whether a role can be limited to a subsystem of this name."""
    return _LIMIT.fullmatch(subsystem) is not None


def role_text(role: Role, subsystems: str) -> str:
    """The text that `parse_role` reads."""
    return f"{role.title}:{subsystems}" if subsystems and role == Role.EXPERT else role.title


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
