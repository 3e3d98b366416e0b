"""The GUI on demo files, with a real render service."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from app.settings import Settings
from tests.support import gui


@pytest.fixture(scope="session")
def demo_files(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """The demo files; tests do not change them."""
    return gui.demo_files(tmp_path_factory.mktemp("demo"))


@pytest.fixture(scope="session")
def render_service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The folder of a running render service."""
    with gui.render_service(tmp_path_factory.mktemp("r")) as folder:
        yield folder


@pytest.fixture
def hub(hub: Settings, demo_files: list[Path], render_service: Path) -> Settings:
    """A hub in which the demo files are registered and plots can be drawn."""
    hub.data.mkdir(exist_ok=True)
    (hub.data / "render").symlink_to(render_service)
    gui.register_all(demo_files)
    return replace(hub, file_roots=(str(demo_files[0].parent),))
