"""The tests of this folder use real runs of DQM^2, and a folder of submissions with its source."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from app.core.settings import Settings
from app.diary import status
from app.diary.sources.directory import scan as directory_scan
from app.diary.sources.registry import source_kinds
from app.diary.sources.runner import Report, scan_source
from app.diary.sources.source import JobSource
from tests.diary.caejobs import Site, options
from tests.support.patience import PATIENCE_S
from tests.support.square_fixtures import filled

__all__ = ["filled"]


@pytest.fixture(autouse=True)
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """No scan is cut, and no source is late, because the machine stalls."""
    monkeypatch.setattr(directory_scan, "SCAN_S", PATIENCE_S)
    monkeypatch.setattr(status, "LATE_S", PATIENCE_S)


@pytest.fixture
def site(tmp_path: Path) -> Site:
    """A folder of submissions as the original watches it."""
    return Site(tmp_path)


@pytest.fixture
def source(hub: Settings, site: Site) -> JobSource:
    """The source of that folder."""
    return source_kinds()["directory"].make("cae", options(site), hub)


@pytest.fixture
def scan(hub: Settings, source: JobSource) -> Callable[[], Report]:
    """Scans that source; a job out of sight is lost after two scans."""
    settings = hub.replace(diary_lost_cycles=2, diary_lost_s=0.0)
    return lambda: scan_source(source, settings)
