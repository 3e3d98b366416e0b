"""Bands, drifts and rules in a browser, by keyboard, in all sizes and colours."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from app.core.settings import Settings
from app.security import Role, accounts
from app.trends.rules import store
from app.trends.rules.definition import RuleDefinition
from app.trends.rules.models import TrendRule
from app.trends.rules.stepping import evaluate_if_changed
from tests.browser.pages import LAPTOP, Watch, accessibility_faults, content_width, open_page, sign_in
from tests.browser.trends.points import RUNS, SHOWN, fill
from tests.support.site import address, bound, site

pytestmark = pytest.mark.slow

PASSWORD = "seven-horses-in-the-rain"
REFERENCE = f"{RUNS[0]}-{RUNS[40]}"
CHARTS = f"/trends?subsystem=Pixel&pd=StreamExpress&ps=Express&runs={RUNS[0]}-{RUNS[-1]}"
STEP = RUNS[60]
RULE = RuleDefinition("Pixel", "StreamExpress", "Express", "Charge", REFERENCE, note="Call the expert <b>of pixels</b>")


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory, sqlite_template: Path) -> Iterator[Settings]:
    """A hub with trends, an expert of Pixel, and a rule that is violated."""
    base_settings = Settings(data_dir=str(tmp_path_factory.mktemp("rules")), web_workers=1)
    with ExitStack() as stack:
        settings = stack.enter_context(site(base_settings, sqlite_template, []))
        stack.enter_context(bound(settings))
        fill(settings)
        accounts.add("petra", Role.EXPERT, PASSWORD, "Pixel")
        store.add_rule(RULE, "petra")
        evaluate_if_changed(TrendRule.get(), settings)
        yield settings


@pytest.fixture
def page(browser: Browser, hub: Settings, watch: Watch) -> Iterator[Page]:
    """The expert at the rules."""
    with open_page(browser, address(hub), watch) as page:
        sign_in(page, "/trends/rules/new", "petra", PASSWORD)
        expect(page.get_by_role("heading", name="Add a rule")).to_be_visible()
        page.goto("/trends/rules")
        yield page


def test_a_band_and_drifts_are_asked_for_by_keyboard(page: Page) -> None:
    page.goto(CHARTS)
    page.get_by_label("Reference runs", exact=True).focus()
    page.keyboard.type(REFERENCE)
    page.keyboard.press("Enter")
    table = page.locator("#trend-analysis")
    reference = len([run for run in SHOWN if RUNS[0] <= run <= RUNS[40]])
    expect(table).to_contain_text(f"from {reference} runs {REFERENCE}, 3 sigma")
    page.get_by_label("drift", exact=True).focus()
    page.keyboard.press("Space")
    expect(table.get_by_role("heading")).to_have_text("Reference band and drift")
    assert "drift=1" in page.url
    expect(table.get_by_role("link", name=f"run {STEP}").first).to_be_visible()
    table.get_by_role("link", name=f"run {STEP}").first.focus()
    page.keyboard.press("Enter")
    expect(page.get_by_text(f"{STEP}").first).to_be_visible()


def test_an_expert_adds_a_rule_by_keyboard_and_deletes_it(page: Page, watch: Watch) -> None:
    watch.expected += ["Failed to load resource"]  # the form with a wrong field
    page.keyboard.press("n")
    for label, text in (("Subsystem", "Pixel"), ("Primary dataset", "StreamExpress"), ("Processing", "Express"), ("Trends", "No*")):
        page.get_by_label(label, exact=True).focus()
        page.keyboard.type(text)
    page.get_by_label("Reference runs", exact=True).focus()
    page.keyboard.type("latest:50")
    page.keyboard.press("Enter")
    expect(page.get_by_role("alert")).to_contain_text("the latest runs would follow a drift")
    page.get_by_label("Reference runs", exact=True).fill(REFERENCE)
    page.keyboard.press("Enter")
    row = page.locator(".rules tbody tr", has_text="No*")
    expect(row).to_contain_text("not evaluated yet")
    row.get_by_role("button", name="Switch off").focus()
    page.keyboard.press("Enter")
    expect(row.get_by_role("button", name="Switch on")).to_be_visible()
    row.get_by_role("button", name="Delete").focus()
    page.keyboard.press("Enter")
    expect(page.locator(".rules tbody tr", has_text="No*")).to_have_count(0)


def test_a_band_of_a_chart_becomes_a_rule(page: Page) -> None:
    page.goto(f"{CHARTS}&band={REFERENCE}&sigma=4&search=Residual")
    page.get_by_role("link", name="Add a rule: Residual").click()
    for label, text in (("Subsystem", "Pixel"), ("Trends", "Residual"), ("Reference runs", REFERENCE), ("Band: ± sigma", "4")):
        expect(page.get_by_label(label, exact=True)).to_have_value(text)


def test_a_violation_leads_to_the_chart_with_its_band(page: Page) -> None:
    row = page.locator(".rules tbody tr", has_text="Charge")
    expect(row).to_contain_text("outside")
    row.get_by_role("link", name="Charge is outside its band").click()
    expect(page.get_by_label("Reference runs", exact=True)).to_have_value(REFERENCE)
    expect(page.locator("#trend-analysis")).to_contain_text("3 sigma")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("path", ["/trends/rules", "/trends/rules/new", f"{CHARTS}&band={REFERENCE}&drift=1"])
def test_the_pages_are_usable_by_all(page: Page, path: str, scheme: str) -> None:
    page.emulate_media(color_scheme="light" if scheme == "light" else "dark")
    page.goto(path)
    expect(page.locator("h1")).to_be_visible()
    assert accessibility_faults(page) == []
    assert content_width(page) <= LAPTOP["width"]
    page.set_viewport_size({"width": 390, "height": 844})
    assert content_width(page) <= 390


def test_band_drift_and_rules_need_no_scripts(browser: Browser, hub: Settings) -> None:
    context = browser.new_context(base_url=address(hub), java_script_enabled=False)
    page = context.new_page()
    page.goto(CHARTS)
    page.get_by_label("Reference runs", exact=True).fill(REFERENCE)
    page.get_by_label("drift", exact=True).check()
    page.get_by_role("button", name="Show").first.click()
    expect(page.locator("#trend-analysis")).to_contain_text(f"run {STEP}")
    page.goto("/trends/rules")
    expect(page.locator(".rules")).to_contain_text("Charge is outside its band")
    context.close()
