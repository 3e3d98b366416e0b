"""The areas to which an API token can be limited: those with an API."""

from __future__ import annotations

from app.core.area import Area, current_areas


def limits() -> list[Area]:
    """The areas to which a token can be limited."""
    return [area for area in current_areas() if area.openapi]


def limit_text(areas: str) -> str:
    """The titles of the areas in the column of a token, "no limit" if it has none."""
    names = areas.split(",") if areas else []
    titles = {area.name: area.title for area in current_areas()}
    return ", ".join(titles.get(name, name) for name in names) or "no limit"
