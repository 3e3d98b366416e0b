"""Links are links: a click with Ctrl, or with the middle button, opens a new tab and leaves the page as it is."""

from __future__ import annotations

from urllib.parse import urljoin

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from tests.browser.pages import Watch, becomes_true, open_page

pytestmark = pytest.mark.slow

ZERO_BIAS = "/ZeroBias/Run2023C-Demo-v1/DQMIO"
SAMPLE = f"/browse/367129{ZERO_BIAS}"
FOLDER = f"{SAMPLE}/EcalBarrel/EventInfo"
PLOT = f"{FOLDER}?plot=EcalBarrel%2FEventInfo%2FreportSummaryMap"
STREAM = "/browse/367131:3/StreamExpress/Run2023C-Demo-v1/DQMIO"

PAGES = {
    "/": [".runs th a", ".runs .datasets a"],
    "/datasets": ["#builder li a"],
    SAMPLE: [".folders a", "#run-info dd a"],
    FOLDER: [".tile > a", ".compare .addref a"],
    f"{FOLDER}?ref=367100&compare=side": [".tile figure a", ".references a"],
    f"{FOLDER}?mark=EcalBarrel/EventInfo/reportSummaryMap": ["#marks a"],
    f"{FOLDER}?mark=EcalBarrel/EventInfo/reportSummaryMap&show=marked": [".marked figcaption a", ".marked .unmark"],
    f"{FOLDER}?slide=99": [".slidebar a"],
    f"{PLOT}&table=1": ["th a", "[data-copy-link]"],
    f"{STREAM}?plot=PixelPhase1/Tracks/PXBarrel/charge_PXLayer_1": [".lumisteps a"],
    f"{SAMPLE}?failing=1": ["tbody th a"],
    "/runs/367129/failing": ["tbody th a"],
    "/files": ["tbody a"],
}
"""Pages, and on each the links of items of every kind."""


def first(page: Page, links: str) -> Locator:
    """The first of the visible links."""
    return page.locator(f"{links}:visible").first


def open_read(page: Page, address: str) -> None:
    """Open a page once the files of its sample are read."""
    assert becomes_true(page, lambda: page.request.get(address).status == 200)
    page.goto(address)
    expect(page.get_by_text("being read")).to_have_count(0)


@pytest.mark.parametrize("address", PAGES)
def test_every_item_that_leads_elsewhere_opens_in_a_new_tab(page: Page, address: str) -> None:
    open_read(page, address)
    if page.locator("#run-info").count():
        page.locator("#run-info summary").click()
    if page.locator("details#compare").count():
        page.locator("#compare summary").click()
    before = page.url
    for links in PAGES[address]:
        link = first(page, links)
        target = urljoin(before, link.get_attribute("href") or "")
        for how in ({"modifiers": ["Control"]}, {"button": "middle"}):
            with page.context.expect_page() as opened:
                link.click(**how)
            expect(opened.value).to_have_url(target)
            opened.value.close()
        assert page.url == before
        expect(page.locator("#notice")).to_be_hidden()  # nothing was copied, no request failed


CLICK = """(link, modifier) => {
    const requests = [];
    const count = () => requests.push(1);
    const stay = (event) => event.preventDefault(); // the test wants no tab
    document.addEventListener("htmx:beforeRequest", count);
    window.addEventListener("click", stay, true);
    link.dispatchEvent(new MouseEvent("click", { bubbles: true, cancelable: true, [modifier]: true }));
    window.removeEventListener("click", stay, true);
    document.removeEventListener("htmx:beforeRequest", count);
    return requests.length;
}"""
"""Clicks a link with a modifier key; the number of requests of htmx."""


@pytest.mark.parametrize(("modifier", "requests"), [("ctrlKey", 0), ("metaKey", 0), ("shiftKey", 0), ("altKey", 0), ("none", 1)])
def test_scripts_take_no_click_with_a_modifier_key(page: Page, modifier: str, requests: int) -> None:
    open_read(page, f"{PLOT}&table=1")
    page.wait_for_load_state("networkidle")
    assert first(page, "th a").evaluate(CLICK, modifier) == requests


def test_nothing_but_links_buttons_and_fields_asks_for_a_click(page: Page) -> None:
    for address in PAGES:
        open_read(page, address)
        found = page.evaluate("""() => [...document.querySelectorAll("main *")]
            .filter((element) => element.checkVisibility() && getComputedStyle(element).cursor === "pointer" &&
                !element.closest("a[href], button, summary, label, input, select, option"))
            .map((element) => element.outerHTML.slice(0, 100))""")
        assert found == [], address


def test_a_dataset_is_chosen_by_typing_and_by_links_until_its_run_opens(page: Page) -> None:
    page.goto("/")
    page.get_by_role("link", name="Choose a dataset").click()
    field = page.get_by_role("searchbox", name="Primary dataset")
    field.press_sequentially("zero")
    primary = page.get_by_role("region", name="Primary dataset").get_by_role("listitem")
    expect(primary).to_have_text(["ZeroBias"])
    expect(field).to_be_focused()
    expect(field).to_have_value("zero")
    primary.get_by_role("link").click()
    expect(field).to_have_value("ZeroBias")
    expect(page.get_by_role("status").first).to_have_text(ZERO_BIAS)
    runs = page.get_by_role("region", name="Run", exact=True)
    expect(runs.get_by_role("listitem")).to_have_text(["367129", "367100"])

    page.get_by_role("searchbox", name="Run", exact=True).fill("367129")
    expect(page.get_by_role("link", name="Open run 367129")).to_be_visible()
    page.get_by_role("searchbox", name="Run", exact=True).press("Enter")
    expect(page).to_have_url(urljoin(page.url, SAMPLE))


def test_a_dataset_is_chosen_without_scripts(browser: Browser, home: str, watch: Watch) -> None:
    with open_page(browser, home, watch, java_script_enabled=False) as page:
        page.goto("/datasets")
        page.get_by_role("searchbox", name="Data tier").fill("all")
        page.get_by_role("searchbox", name="Data tier").press("Enter")
        expect(page.get_by_role("status").first).to_have_text("No dataset matches. Clear one of the choices.")
        page.get_by_role("link", name="Clear Data tier").click()
        page.get_by_role("link", name="Muon").click()
        page.get_by_role("link", name="367131").click()
        expect(page.get_by_role("heading", level=1)).to_contain_text("367131")
