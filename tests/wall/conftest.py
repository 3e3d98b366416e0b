"""Walls for tests."""

from __future__ import annotations

import pytest

from app.core.settings import Settings
from app.wall.definition import parse_wall
from app.wall.store import save_wall
from tests.wall.walls import document


@pytest.fixture
def wall(hub: Settings) -> Settings:
    """A hub with the wall `shift`."""
    save_wall(parse_wall(document()))
    return hub
