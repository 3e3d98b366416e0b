"""A database with trends whose points the tests choose."""

from __future__ import annotations

import pytest

from app.core.settings import Settings
from tests.trends.query.points_of_tests import TrendStore


@pytest.fixture
def store(hub: Settings) -> TrendStore:
    """An empty instance, to which tests add trends, points and facts of runs."""
    return TrendStore(hub)
