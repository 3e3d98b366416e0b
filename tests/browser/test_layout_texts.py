"""Texts of layouts in a browser."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from app.core.settings import Settings
from app.gui.layouts.editing.store import remove, save
from app.gui.layouts.layout import Layout, PlotCell, ShiftHelp
from tests.browser.test_navigation import TIMING
from tests.support.site import bound

pytestmark = pytest.mark.slow

PLOT = "EcalBarrel/EBTimingTask/EBTMT timing EB+05"


def test_steps_of_what_to_do_have_their_numbers(page: Page, hub: Settings) -> None:
    cell = PlotCell(PLOT, text="<ul><li>One peak.</li></ul>", help=ShiftHelp(action="<ol><li>Look at the voltage.</li><li>Call.</li></ol>"))
    with bound(hub):
        made = save(Layout("Texts/Layouts/steps", ("online", "offline", "relval"), ((cell,),)), is_active=True)
    page.goto(f"{TIMING}?plot={PLOT.replace('+', '%2B')}")
    expect(page.locator(".plothelp ol")).to_have_css("list-style-type", "decimal")
    expect(page.locator(".plothelp ul")).to_have_css("list-style-type", "disc")
    expect(page.locator(".plothelp ol")).to_have_css("padding-left", "20px")
    with bound(hub):
        remove(made.arrangement, made.number)
