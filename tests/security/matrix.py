"""The least role of every route: what each page may show and do, as the areas declare it."""

from __future__ import annotations

from app.areas import AREAS
from app.security import Role

LEAST_ROLE = {endpoint: Role.of(role) for area in AREAS for endpoint, role in area.roles.items()}
