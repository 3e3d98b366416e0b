"""The role that claims grant."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from app.security import role_grants
from app.security.roles import Role
from app.security.sign_on.settings import SignOnSettings


def granted_role(claims: Mapping[str, Any], settings: SignOnSettings) -> tuple[Role, str]:
    """The highest role that claims grant and its subsystems separated by commas; PUBLIC if the user is to be refused."""
    granted = role_grants.granted_role(settings.sign_on_roles, values_of(claims, settings.sign_on_role_claim))
    return granted or (Role.VIEWER if settings.sign_on_without_role == "viewer" else Role.PUBLIC, "")


def values_of(claims: Mapping[str, Any], name: str) -> set[str]:
    """The texts of a claim: a list, or words separated by blanks."""
    value = claim_of(claims, name)
    parts = value.split() if isinstance(value, str) else value if isinstance(value, list) else ()
    return {part for part in parts if isinstance(part, str)}


def claim_of(claims: Mapping[str, Any], name: str) -> Any:
    """A claim by its name, which may have dots of its own, or by the way to it: realm_access.roles."""
    if name in claims:
        return claims[name]
    first, _, rest = name.partition(".")
    inner = claims.get(first)
    return claim_of(inner, rest) if rest and isinstance(inner, Mapping) else None
