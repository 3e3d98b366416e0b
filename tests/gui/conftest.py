"""The demo files and a real render service, for the tests of the GUI that need them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from app.gui.pages import views
from tests.support import gui
from tests.support.patience import PATIENCE_S


@pytest.fixture(scope="session")
def demo_files(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """The demo files; tests do not change them."""
    return gui.demo_files(tmp_path_factory)


@pytest.fixture(scope="session")
def render_service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The folder of a running render service."""
    with gui.render_service(tmp_path_factory.mktemp("r")) as folder:
        yield folder


@pytest.fixture(autouse=True)
def patient_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pages wait until a file has been read, however slow the machine is."""
    monkeypatch.setattr(views, "WAIT_S", PATIENCE_S)
