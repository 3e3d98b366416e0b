"""The demo files and a real render service, for the tests of the GUI that need them."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.core.settings import Settings
from app.gui.files import staging
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
def patient_calls(monkeypatch: pytest.MonkeyPatch) -> None:
    """Calls that register many files are answered when all are stored, and not with a job as on a slow machine."""
    monkeypatch.setattr(staging, "ANSWER_S", PATIENCE_S)


@pytest.fixture
def own_file(hub: Settings, demo_files: list[Path]) -> Path:
    """A copy of a demo file that a test may change, registered as run 400000 of /ZeroBias/Run2023C-Demo-v1/DQMIO."""
    folder = hub.data / "demo"
    folder.mkdir(parents=True)
    copy = Path(shutil.copy(demo_files[0], folder / "DQM_V0001_R000400000__ZeroBias__Run2023C-Demo-v1__DQMIO.root"))
    gui.register_all([copy])
    return copy
