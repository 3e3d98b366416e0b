"""A hub whose jobs read its settings, and files of an ongoing run and of runs with trends."""

from __future__ import annotations

import pytest

from app.core.settings import Settings
from tests.gui.snapshots.conftest import lumi_files as lumi_files
from tests.trends.conftest import run_files as run_files


@pytest.fixture
def settings_of_jobs(hub: Settings, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """The settings that jobs load: files may be anywhere in the data folder, and the cache of plots holds 1 MB."""
    hub.data.mkdir(exist_ok=True)
    found = hub.replace(file_roots=(hub.data_dir,), plot_cache_mb=1)
    for name, value in {"data_dir": hub.data_dir, "file_roots": hub.data_dir, "plot_cache_mb": "1", "square_production": ""}.items():
        monkeypatch.setenv(f"DQMHUB_{name.upper()}", value)
    return found
