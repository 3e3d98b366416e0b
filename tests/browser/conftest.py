"""A real browser on a real server: gunicorn, the render service and the demo files."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

from app.core.settings import Settings
from tests.browser.watch import Watch
from tests.support import gui
from tests.support.patience import PATIENCE_MS
from tests.support.site import address, site

LAPTOP = {"width": 1366, "height": 768}


@pytest.fixture(scope="session")
def demo_files(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    return gui.demo_files(tmp_path_factory)


@pytest.fixture(scope="session")
def hub(tmp_path_factory: pytest.TempPathFactory, sqlite_template: Path, demo_files: list[Path]) -> Iterator[Settings]:
    """A running hub that can draw; tests only look at it."""
    data = tmp_path_factory.mktemp("h")
    given = Settings(data_dir=str(data), file_roots=(str(demo_files[0].parent),), web_workers=1)
    with gui.render_service(data / "render"), site(given, sqlite_template, demo_files) as settings:
        yield settings


@pytest.fixture(scope="session")
def home(hub: Settings) -> str:
    """The address of the hub, without a slash at its end."""
    return address(hub)


@pytest.fixture
def watch() -> Watch:
    """What pages do that they should not; a test that makes one fail on purpose says so to it."""
    return Watch()


@pytest.fixture
def page(browser: Browser, home: str, watch: Watch) -> Iterator[Page]:
    """A page of a laptop's size; at the end it has asked nobody but the hub, and broken neither policy nor script."""
    context = browser.new_context(viewport=LAPTOP, base_url=home)
    context.set_default_timeout(PATIENCE_MS)
    page = context.new_page()
    watch.at(page)
    yield page
    context.close()
    watch.judge(home)
