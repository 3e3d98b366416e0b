"""Alarms on the pages of plots."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import pytest
from playwright.sync_api import Browser, expect

from app.alarms.models import ACKNOWLEDGED
from app.core.settings import Settings
from tests.alarms.pages import seed
from tests.browser.pages import PHONE, Watch, content_width, open_page
from tests.support import gui
from tests.support.site import address, bound, site

pytestmark = pytest.mark.slow

DATASET = "/Cosmics/Run2023C-Demo-v1/DQMIO"
PLOT = "EcalBarrel/EventInfo/reportSummaryMap"


@pytest.fixture(scope="module")
def alarm_hub(tmp_path_factory: pytest.TempPathFactory, sqlite_template: Path, demo_files: list[Path]) -> Iterator[Settings]:
    """A hub with plots."""
    data = tmp_path_factory.mktemp("a")
    base_settings = Settings(data_dir=str(data), file_roots=(str(demo_files[0].parent),), web_workers=1)
    with gui.render_service(data / "render"), site(base_settings, sqlite_template, demo_files) as settings, bound(settings):
        yield settings


def test_on_a_phone_the_page_of_a_plot_with_an_acknowledged_alarm_fits_also_with_its_menu_open(
    browser: Browser, alarm_hub: Settings, watch: Watch
) -> None:
    rule = seed.rule("Ecal", dataset=DATASET)
    known = {"state": ACKNOWLEDGED, "acknowledged": time.time(), "acknowledged_by": "shifter-of-the-night-with-a-long-name"}
    seed.alarm(rule, PLOT, run=367140, **known)
    with open_page(browser, address(alarm_hub), watch, **PHONE) as page:
        page.goto(f"/browse/367140{DATASET}/EcalBarrel/EventInfo?plot={quote(PLOT, safe='')}")
        expect(page.get_by_role("link", name="acknowledged by shifter")).to_be_visible()
        page.get_by_text("Play", exact=True).first.click()
        places = [link.bounding_box() for link in page.locator(".steps .menu li a").all()]
        assert places
        assert all(place is not None and place["x"] >= 0 and place["x"] + place["width"] <= 390 for place in places)
        assert content_width(page) <= 390
