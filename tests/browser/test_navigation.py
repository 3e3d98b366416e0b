"""From the home page to a plot, by mouse and by keyboard; back, forward, pasted addresses, search, display options."""

from __future__ import annotations

import re
from urllib.parse import quote

import pytest
from playwright.sync_api import Page, expect

pytestmark = pytest.mark.slow

ZERO_BIAS = "/ZeroBias/Run2023C-Demo-v1/DQMIO"
MUON = "/Muon/Run2023C-Demo-v1/DQMIO"
SAMPLE = f"/browse/367129{ZERO_BIAS}"
TIMING = f"{SAMPLE}/EcalBarrel/EBTimingTask"

COLOURS = """image => {
    const canvas = document.createElement("canvas");
    [canvas.width, canvas.height] = [image.naturalWidth, image.naturalHeight];
    const context = canvas.getContext("2d");
    context.drawImage(image, 0, 0);
    return new Set(new Uint32Array(context.getImageData(0, 0, canvas.width, canvas.height).data.buffer)).size;
}"""
"""Number of different colours in an image."""


def expect_plot(page: Page, name: str, width: int) -> None:
    """The plot of this name is loaded, in this width, and is not blank."""
    image = page.get_by_role("img", name=f"Plot {name}").first
    image.scroll_into_view_if_needed()
    expect(image).to_have_js_property("complete", True)
    expect(image).to_have_js_property("naturalWidth", width)
    assert image.evaluate(COLOURS) > 4
    page.wait_for_load_state()  # scripts may run later than a plot from the cache is there


def expect_page(page: Page, address: str) -> None:
    """The address matches, and the page answers to keys: they are lost between two pages."""
    expect(page).to_have_url(re.compile(address))
    page.wait_for_load_state()


def test_mouse_from_home_to_a_plot_and_back(page: Page) -> None:
    page.goto("/")
    expect(page.get_by_role("heading", name="Latest runs")).to_be_visible()
    page.get_by_label("Dataset", exact=True).fill("zerob")
    expect(page.get_by_role("heading", name="2 samples in 2 runs")).to_be_visible()
    expect(page).to_have_url(re.compile(r"/\?dataset=zerob$"))
    page.get_by_role("row", name="367129").get_by_role("link", name=ZERO_BIAS).click()

    expect(page).to_have_url(re.compile(re.escape(SAMPLE) + "$"))
    expect(page).to_have_title(re.compile(f"Run 367129 {ZERO_BIAS}"))
    listed = page.request.get(f"/api/v1/archive/367129{ZERO_BIAS}").json()["data"]
    folders = page.locator(".folder")
    folders.first.wait_for()  # the file is read at the first access
    assert [folder.split("\n")[0] for folder in folders.all_inner_texts()] == [item["subdir"] for item in listed]
    assert page.locator(".folder .count").evaluate_all("all => all.map(one => parseInt(one.title))") == [
        item["me_count"] for item in listed
    ]

    page.get_by_role("link", name="EcalBarrel").click()
    page.get_by_role("link", name="EventInfo").click()
    expect(page.get_by_role("navigation", name="Folders").get_by_role("listitem")).to_have_text(["Top", "EcalBarrel", "EventInfo"])
    tile = page.locator(".tile", has_text="reportSummaryMap")
    expect_plot(page, "reportSummaryMap", 266)
    status = {
        item["name"]: item["qtstatuses"]
        for item in page.request.get(f"/api/v1/archive/367129{ZERO_BIAS}/EcalBarrel/EventInfo").json()["data"]
        if "name" in item
    }
    words = {(100,): "ok", (200,): "warning", (300,): "error"}[tuple(status["reportSummaryMap"])]
    expect(tile.locator(".badge")).to_have_text(words)
    tile.click()

    expect(page.get_by_role("heading", name="reportSummaryMap")).to_be_visible()
    expect_plot(page, "reportSummaryMap", 720)
    expect(page.locator(".stagehead .badge")).to_have_text(words)
    expect(page.locator(".facts-list")).to_contain_text("EcalBarrel/EventInfo/reportSummaryMap")
    expect(page.locator(".tests")).to_contain_text("ContentsYRange")
    as_json = page.request.get(page.get_by_role("link", name="JSON").get_attribute("href") or "").json()
    expect(page.locator(".details")).to_contain_text(f"{as_json['fEntries']:,}")

    pasted = page.url
    page.go_back()
    expect_plot(page, "reportSummaryMap", 266)
    page.go_back()
    expect(page).to_have_url(re.compile("/EcalBarrel$"))
    page.go_forward()
    page.go_forward()
    expect_plot(page, "reportSummaryMap", 720)
    other = page.context.new_page()
    other.goto(pasted)
    expect_plot(other, "reportSummaryMap", 720)


def test_details_stay_complete_after_every_drawing_option(page: Page) -> None:
    me = "EcalBarrel/EBTimingTask/EBTMT timing EB+02"
    page.goto(f"{TIMING}?plot={quote(me, safe='')}")
    content = page.request.get(f"/api/v1/json/367129{ZERO_BIAS}/{quote(me)}").json()
    details = page.locator(".details")
    expect(details).to_contain_text(f"{content['fEntries']:,}")
    complete = details.inner_text()
    assert content["fTitle"] in complete
    for choose in (
        lambda: page.get_by_label("Scale of y").select_option("log"),
        lambda: page.get_by_label("Stats box").select_option("false"),
        lambda: page.get_by_role("link", name="Reset").click(),
    ):
        before = page.url
        with page.expect_response(re.compile("details=1")):
            choose()
        assert page.url != before
        expect(details).not_to_have_attribute("hx-swap", "outerHTML")  # of the placeholder: the content has replaced it
        assert details.inner_text() == complete


def test_keyboard_from_home_to_a_plot_and_back(page: Page) -> None:
    page.goto("/")
    keys = page.keyboard
    keys.press("/")
    keys.type("367131")
    expect(page.get_by_role("heading", name="2 samples in 1 run")).to_be_visible()
    keys.press("Escape")
    keys.press("j")
    expect(page.get_by_role("link", name=MUON)).to_be_focused()
    keys.press("Enter")

    expect_page(page, r"/browse/367131/")
    expect(page.get_by_role("link", name="EcalBarrel").first).to_be_visible()  # the file may be read first
    for _ in range(20):
        keys.press("j")
        if "EcalBarrel" in page.evaluate("document.activeElement.innerText"):
            break
    keys.press("Enter")
    expect(page.get_by_role("link", name="EBTimingTask")).to_be_visible()
    keys.press("j")
    keys.press("j")
    keys.press("j")
    expect(page.get_by_role("link", name="EBTimingTask")).to_be_focused()
    keys.press("Enter")
    expect_page(page, "/EBTimingTask$")
    keys.press("j")
    keys.press("j")
    keys.press("Enter")
    expect_plot(page, "EBTMT timing EB+02", 720)
    keys.press("j")
    expect_plot(page, "EBTMT timing EB+03", 720)
    keys.press("k")
    expect_plot(page, "EBTMT timing EB+02", 720)
    keys.press("z")
    expect_plot(page, "EBTMT timing EB+02", 1200)
    keys.press("z")
    expect_plot(page, "EBTMT timing EB+02", 720)
    keys.press("p")
    expect(page.locator(".run")).to_have_text("Run 367129")
    expect_plot(page, "EBTMT timing EB+02", 720)
    keys.press("u")
    expect_page(page, f"/browse/367129{MUON}/EcalBarrel/EBTimingTask$")
    keys.press("u")
    expect_page(page, "/EcalBarrel$")
    keys.press("u")
    expect_page(page, "/DQMIO$")
    keys.press("h")
    expect(page.get_by_role("heading", name="Latest runs")).to_be_visible()


def test_keyboard_help_and_visible_focus(page: Page) -> None:
    page.goto("/")
    page.keyboard.press("?")
    expect(page.get_by_role("dialog", name="Keyboard shortcuts")).to_be_visible()
    page.keyboard.press("j")
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog", name="Keyboard shortcuts")).to_be_hidden()
    page.keyboard.press("Tab")
    skip = page.get_by_role("link", name="Skip to content")
    expect(skip).to_be_focused()
    expect(skip).to_be_in_viewport()
    page.keyboard.press("Enter")
    expect(page.locator("main")).to_be_focused()
    page.keyboard.press("Tab")
    assert page.evaluate("getComputedStyle(document.activeElement).outlineStyle") == "solid"


def test_search_updates_while_typing_and_is_in_the_address(page: Page) -> None:
    page.goto(SAMPLE)
    expect(page.locator("#q")).to_be_visible()  # first the progress of the import, which loads the page again
    page.wait_for_load_state()
    page.keyboard.press("/")
    page.keyboard.type("TIMING eb+02")
    expect(page.get_by_role("heading", name="1 match for")).to_be_visible()
    expect(page.get_by_role("searchbox")).to_be_focused()
    expect_plot(page, "EBTMT timing EB+02", 266)
    expect(page).to_have_url(re.compile(r"\?q=TIMING%20eb%2B02$"))
    page.reload()
    expect(page.get_by_role("heading", name="1 match for")).to_be_visible()
    expect(page.get_by_role("searchbox")).to_have_value("TIMING eb+02")
    page.get_by_role("searchbox").fill("")
    expect(page.locator(".folder").first).to_be_visible()
    expect(page).to_have_url(re.compile("/DQMIO$"))
    page.get_by_role("searchbox").fill("nothing like this")
    expect(page.get_by_role("heading", name="No matches for")).to_be_visible()


def test_back_from_a_plot_returns_to_the_search(page: Page) -> None:
    page.goto(SAMPLE)
    page.get_by_role("searchbox").fill("reportSummaryMap")
    page.get_by_role("link", name="reportSummaryMap").nth(1).click()
    expect(page.locator(".position")).to_contain_text("2 of ")
    page.keyboard.press("j")
    expect(page.locator(".position")).to_contain_text("3 of ")
    page.go_back()
    page.go_back()
    expect(page.get_by_role("searchbox")).to_have_value("reportSummaryMap")
    expect(page.get_by_role("heading", name=re.compile(r"\d+ matches for"))).to_be_visible()
    page.go_back()


def test_long_list_shows_more_on_request(page: Page) -> None:
    page.goto(f"{SAMPLE}?q=a&size=s")
    expect(page.locator(".tile")).to_have_count(200)
    found = re.search(r"(\d+) matches", page.get_by_role("heading", name="matches").inner_text())
    assert found
    page.get_by_role("link", name="Show more").click()
    expect(page.locator(".tile")).to_have_count(int(found[1]))
    expect(page.locator(".tiles > .tiles")).to_have_count(0)


def test_a_range_whose_ends_are_exchanged_marks_the_field_and_keeps_the_plot(page: Page) -> None:
    page.goto(f"{TIMING}?plot=EcalBarrel%2FEBTimingTask%2FEBTMT%20timing%20EB%2B02&xmin=5")
    expect_plot(page, "EBTMT timing EB+02", 720)
    before, address = page.locator(".plot-large").get_attribute("src"), page.url
    upper = page.get_by_role("group", name="x").get_by_label("to")
    upper.fill("2")
    page.keyboard.press("Enter")
    expect(page.get_by_role("alert")).to_have_text("xmax: 2 is not above xmin, 5")
    expect(upper).to_have_attribute("aria-invalid", "true")
    expect(upper).to_have_value("2")
    expect(page.locator(".plot-large")).to_have_attribute("src", before or "")
    expect_plot(page, "EBTMT timing EB+02", 720)
    assert page.url == address
    upper.fill("50")
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile("xmax=50"))
    expect(upper).not_to_have_attribute("aria-invalid", "true")
    expect(page.locator(".plot-large")).to_have_attribute("src", re.compile("xmin=5&xmax=50"))


def test_display_options_redraw_and_are_in_the_address(page: Page) -> None:
    page.goto(f"{TIMING}?plot=EcalBarrel%2FEBTimingTask%2FEBTMT%20timing%20EB%2B02")
    expect_plot(page, "EBTMT timing EB+02", 720)
    plain = page.locator(".plot-large").get_attribute("src")
    page.get_by_label("Scale of y").select_option("log")
    expect(page).to_have_url(re.compile("ytype=log"))
    expect(page.locator(".plot-large")).to_have_attribute("src", re.compile("ytype=log"))
    expect_plot(page, "EBTMT timing EB+02", 720)
    page.get_by_role("group", name="x").get_by_label("from").fill("0")
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile(r"xmin=0(&|$)"))
    assert "xmax" not in page.url, "empty fields are not in the address"
    expect_plot(page, "EBTMT timing EB+02", 720)
    page.go_back()
    expect(page.locator(".plot-large")).not_to_have_attribute("src", re.compile("xmin"))
    page.go_back()
    expect(page.locator(".plot-large")).to_have_attribute("src", plain or "")
    expect(page.get_by_label("Scale of y")).to_have_value("")
