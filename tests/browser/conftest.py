"""A real browser on a real server: gunicorn, the render service and the demo files."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

from app.core.settings import Settings
from tests.browser.pages import Watch, open_page
from tests.support import gui
from tests.support.site import address, site


@pytest.fixture(scope="session")
def demo_files(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    return gui.demo_files(tmp_path_factory)


@pytest.fixture(scope="session")
def hub(tmp_path_factory: pytest.TempPathFactory, sqlite_template: Path, demo_files: list[Path]) -> Iterator[Settings]:
    """A running hub with a render service; tests only read from it."""
    data = tmp_path_factory.mktemp("h")
    base_settings = Settings(data_dir=str(data), file_roots=(str(demo_files[0].parent),), web_workers=1)
    with gui.render_service(data / "render"), site(base_settings, sqlite_template, demo_files) as settings:
        yield settings


@pytest.fixture(scope="session")
def home(hub: Settings) -> str:
    """Address of the hub without a slash at the end."""
    return address(hub)


@pytest.fixture
def watch() -> Watch:
    """Requests and errors of the pages of a test."""
    return Watch()


@pytest.fixture
def page(browser: Browser, home: str, watch: Watch) -> Iterator[Page]:
    """A page of the hub, of a laptop's size."""
    with open_page(browser, home, watch) as page:
        yield page
