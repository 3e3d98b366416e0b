"""The facts of a run on its page in DQM^2: opened by keyboard, kept open by polls, on a laptop and on a phone."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from app.core.counters import advance
from app.core.database import proxy
from app.core.settings import Settings
from app.runs import store
from app.runs.dataset_store import store_datasets
from app.runs.models import KNOWN, RunRecord
from app.runs.run_registry import ComponentRange, RegistryDataset
from app.square.models import Run
from tests.browser.pages import PHONE, Watch, accessibility_faults, content_width, open_page
from tests.support.site import address, bound, site

pytestmark = pytest.mark.slow

RUN = 367123
HLT_KEY = "/cdaq/physics/Run2023/2e34/" + "v1" * 40 + "/HLT/V2"


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory, sqlite_template: Path) -> Iterator[Settings]:
    """A hub with one run, whose page polls every second; its sources do not exist, so nothing is fetched."""
    base = Settings(data_dir=str(tmp_path_factory.mktemp("rp")), web_workers=1, square_refresh_s=1.0, runs_oms_url="http://127.0.0.1:1")
    with site(base, sqlite_template, []) as settings, bound(settings):
        Run.create(system="production", run=RUN, first=time.time() - 60, last=time.time(), jobs=0, version=1)
        store.enroll([RUN])
        facts = {"oms_state": KNOWN, "oms_at": time.time(), "start": 1683194400.0, "end": 1683203400.0, "fill": 8736, "hlt_key": HLT_KEY}
        RunRecord.update(recorded_lumi=174.6, run_class="Collisions23", rr_state=KNOWN, **facts).execute()
        yield settings


def change_run() -> None:
    """Something of the run changes at P5, so that the next poll answers with a new fragment."""
    with proxy.atomic():
        Run.update(version=advance("production"), cmssw="CMSSW_13_0_7").execute()


def test_the_panel_opens_by_keyboard_and_polls_leave_it_open(browser: Browser, hub: Settings, watch: Watch) -> None:
    with open_page(browser, address(hub), watch) as page:
        page.goto(f"{address(hub)}/square/runs/{RUN}")
        panel = page.locator(".run-panel")
        expect(panel.locator("summary")).to_contain_text("Collisions23")
        expect(panel.get_by_text("2023-05-04 12:00:00 CEST")).to_be_hidden()
        panel.locator("summary").focus()
        page.keyboard.press("Enter")
        expect(panel.get_by_text("2023-05-04 12:00:00 CEST")).to_be_visible()
        change_run()
        expect(page.locator(".facts")).to_contain_text("CMSSW_13_0_7")
        expect(panel.get_by_text("2023-05-04 12:00:00 CEST")).to_be_visible()
        assert accessibility_faults(page) == []


def test_the_open_panel_fits_a_phone(browser: Browser, hub: Settings, watch: Watch) -> None:
    with open_page(browser, address(hub), watch, **PHONE) as page:
        page.goto(f"{address(hub)}/square/runs/{RUN}")
        page.locator(".run-panel summary").click()
        expect(page.get_by_text(HLT_KEY)).to_be_visible()
        assert content_width(page) <= PHONE["viewport"]["width"]


def dataset(state: str) -> RegistryDataset:
    return RegistryDataset(RUN, "/PromptReco/Collisions23/DQM", {"global": state}, {"dt-dt": {"BAD": 24, "GOOD": 66}})


def test_datasets_appear_in_an_open_panel_and_change_also_where_the_focus_is(browser: Browser, hub: Settings, watch: Watch) -> None:
    ranges = {"dt-dt": [ComponentRange(1, 24, "BAD", "", "HV off"), ComponentRange(25, 90, "GOOD", "", "")]}
    with open_page(browser, address(hub), watch) as page:
        page.goto(f"{address(hub)}/runs/{RUN}/facts")
        page.locator("#run-facts > summary").click()
        for state in ("OPEN", "SIGNOFF"):
            store_datasets(RUN, [dataset(state)], {dataset(state).name: ranges})
            page.evaluate("htmx.trigger('#run-facts', 'shown')")  # as when the tab is shown again, without waiting for the next poll
            expect(page.locator("#run-facts details > summary")).to_contain_text(state)
            if state == "OPEN":
                page.locator("#run-facts details > summary").focus()
                page.keyboard.press("Enter")
            expect(page.get_by_text("1–24 BAD (HV off); 25–90 GOOD")).to_be_visible()
        assert accessibility_faults(page) == []
