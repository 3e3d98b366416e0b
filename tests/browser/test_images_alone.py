"""Images that a browser shows alone, as from a link in an e-log."""

from __future__ import annotations

from playwright.sync_api import Page

PLOT = "/api/v1/render/367140/Cosmics/Run2023C-Demo-v1/DQMIO/Muons/diMuonHistograms/GlbGlbMuon_HM"


def test_plot_alone_is_no_violation_of_the_content_security_policy(page: Page) -> None:
    """The fixture fails for each error in the console, as a violation is."""
    answer = page.goto(f"{PLOT}?w=400&h=300")
    assert answer is not None
    assert answer.headers["content-type"] == "image/png"
    assert page.locator("img").evaluate("image => image.naturalWidth") == 400
