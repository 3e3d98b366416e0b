"""The tests of this folder have a hub with the demo files and a render service."""

from __future__ import annotations

from pathlib import Path

import pytest

from app.core.settings import Settings
from tests.support import gui


@pytest.fixture
def hub(hub: Settings, demo_files: list[Path], render_service: Path) -> Settings:
    """A hub in which the demo files are registered and plots can be drawn."""
    return gui.with_demo(hub, demo_files, render_service)
