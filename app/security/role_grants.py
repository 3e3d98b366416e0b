"""Roles that a directory grants: which role each of its values stands for, as in dqm-experts=expert:Pixel."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from app.security.roles import Role, parse_role


def role_grants(value: tuple[str, ...]) -> str:
    """Values of a directory with the role of each, such as dqm-experts=expert:Pixel: a check of settings."""
    for item in value:
        name, equals, role = item.rpartition("=")
        try:
            parse_role(role)
        except ValueError as error:
            return f"a list of value=role such as dqm-experts=expert:Pixel ({error})"
        if not (name and equals):
            return "a list of value=role such as dqm-experts=expert:Pixel"
    return ""


def granted_role(grants: Iterable[str], values: Collection[str]) -> tuple[Role, str] | None:
    """The highest role that these values grant, and its subsystems separated by commas; None if they grant none.

    Several grants of expert add their subsystems; one without a limit removes the limits.
    """
    found = [parse_role(role) for name, _, role in (item.rpartition("=") for item in grants) if name in values]
    if not found:
        return None
    highest = max(role for role, _ in found)
    limits = [subsystems for role, subsystems in found if role == highest]
    return highest, "" if "" in limits else ",".join(dict.fromkeys(name for limit in limits for name in limit.split(",")))
