"""Users of the tests of the diary."""

from __future__ import annotations

import time

from app.security import Role, tokens
from app.security.models import User


def signed_in(name: str, role: Role = Role.VIEWER) -> dict[str, str]:
    """The headers of requests of a new user."""
    user = User.create(name=name, role=role, password="", created=time.time())
    return {"Authorization": f"Bearer {tokens.make(user, 'test', role, 1)[1]}"}
