"""The hub with the jobs of three real runs, of which the newest goes on."""

from __future__ import annotations

from pathlib import Path

import pytest

from app.settings import Settings
from tests.square import data


@pytest.fixture
def filled(hub: Settings, fixtures_dir: Path) -> Settings:
    """The tables hold the real runs."""
    data.fill(fixtures_dir)
    return hub
