"""A running hub with trends, and a page of it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

from app.core.settings import Settings
from tests.browser.pages import Watch, open_page
from tests.browser.trends.planted import fill_planted
from tests.browser.trends.points import fill
from tests.support.site import address, bound, site


@pytest.fixture(scope="session")
def trends_hub(tmp_path_factory: pytest.TempPathFactory, sqlite_template: Path) -> Iterator[Settings]:
    """A hub with the points of `tests.browser.trends.points` and `planted`; tests only read from it."""
    base_settings = Settings(data_dir=str(tmp_path_factory.mktemp("tr")), web_workers=1)
    with site(base_settings, sqlite_template, []) as settings:
        with bound(settings):
            fill(settings)
            fill_planted(settings)
        yield settings


@pytest.fixture
def page(browser: Browser, trends_hub: Settings, watch: Watch) -> Iterator[Page]:
    """A page of the hub, of a laptop's size."""
    with open_page(browser, address(trends_hub), watch) as page:
        yield page
        assert page.evaluate("typeof window.hurt") == "undefined"
