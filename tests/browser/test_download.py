"""Download of a plot from its page: formats and file names."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

pytestmark = pytest.mark.slow

ADDRESS = "/browse/367129/ZeroBias/Run2023C-Demo-v1/DQMIO/EcalBarrel/EventInfo?plot=EcalBarrel%2FEventInfo%2FreportSummaryMap"
SIGNATURES = {"PNG": b"\x89PNG", "SVG": b"<?xml", "PDF": b"%PDF", "ROOT": b"root"}


@pytest.mark.parametrize("form", SIGNATURES)
def test_plot_is_downloaded_by_keyboard_in_each_format(page: Page, form: str) -> None:
    page.goto(ADDRESS)
    link = page.locator("#download").get_by_role("link", name=form)
    link.scroll_into_view_if_needed()
    link.focus()
    expect(link).to_be_focused()
    with page.expect_download() as saved:
        page.keyboard.press("Enter")
    assert saved.value.suggested_filename == f"reportSummaryMap_run367129.{form.lower()}"
    assert Path(saved.value.path()).read_bytes().startswith(SIGNATURES[form])
    assert page.url.endswith(ADDRESS)
