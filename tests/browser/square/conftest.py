"""A running hub with the jobs of real runs, and a page of it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

from app.core.settings import Settings
from tests.browser.pages import Watch, open_page
from tests.square import data
from tests.support.site import address, bound, site


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory, sqlite_template: Path, fixtures_dir: Path) -> Iterator[Settings]:
    """A hub with the real runs; its pages poll every second."""
    base_settings = Settings(data_dir=str(tmp_path_factory.mktemp("sq")), web_workers=1, square_refresh_s=1.0)
    with site(base_settings, sqlite_template, []) as settings, bound(settings):
        data.fill(fixtures_dir)
        yield settings


@pytest.fixture
def page(browser: Browser, hub: Settings, watch: Watch) -> Iterator[Page]:
    with open_page(browser, address(hub), watch, timezone_id="America/Chicago") as page:
        yield page
        assert page.evaluate("typeof window.hurt") == "undefined"
