"""The page of trends in a browser: three clicks to the charts, and an address that holds everything."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

pytestmark = pytest.mark.slow

PIXEL = "/trends?subsystem=Pixel&pd=StreamExpress&ps=Express"


def test_three_clicks_lead_from_the_menu_to_the_charts(page: Page) -> None:
    page.goto("/trends")
    for choice in ("Pixel", "StreamExpress", "Express"):
        page.get_by_role("link", name=choice, exact=True).click()
    expect(page.locator("figure.trend-chart")).to_have_count(4)
