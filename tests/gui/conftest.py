"""The demo files and a real render service, for the tests of the GUI that need them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

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
