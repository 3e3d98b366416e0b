"""The interactive plot, under the policy of the page: values under the pointer, zoom, combined bins, projections, references."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import quote, unquote

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.pages import Watch
from tests.browser.test_navigation import SAMPLE, TIMING, ZERO_BIAS, expect_page, expect_plot
from tests.browser.test_table import MAP

pytestmark = pytest.mark.slow

BARREL = "EcalBarrel/EBTimingTask/EBTMT timing EB+02"
TIMES = f"{TIMING}?plot={quote(BARREL, safe='')}"
LIBRARY = "hist2d.min.js"


def in_api(page: Page, path: str, run: int = 367129) -> Any:
    """A histogram as JSON of the API."""
    return page.request.get(f"/api/v1/json/{run}{ZERO_BIAS}/{quote(path)}").json()


def interactive(page: Page, number: int = 0) -> Locator:
    return page.get_by_role("img", name="Interactive plot").nth(number)


def value_at(page: Page, x: float, y: float, number: int = 0) -> dict[str, str]:
    """What the interactive plot says of the place under the pointer, in parts of its width and height."""
    box = interactive(page, number).bounding_box()
    assert box
    page.mouse.move(box["x"] + (x - 0.01) * box["width"], box["y"] + y * box["height"])
    page.mouse.move(box["x"] + x * box["width"], box["y"] + y * box["height"])
    hint = interactive(page, number).locator(".tooltip_layer, .objects_hints").last
    expect(hint.get_by_text("bin = ").first).to_be_visible()
    texts = hint.locator("text").all_text_contents()
    return dict(text.split(" = ", 1) for text in texts if " = " in text)


def open_interactive(page: Page, address: str) -> None:
    page.goto(address)
    expect(page.get_by_role("button", name="Interactive")).to_be_visible()
    page.keyboard.press("i")
    expect(interactive(page).locator("svg").first).to_be_visible()


def test_the_library_is_loaded_on_request_only_and_the_picture_comes_back(page: Page, home: str, watch: Watch) -> None:
    page.goto(home + TIMES)
    expect_plot(page, "EBTMT timing EB+02", 720)
    assert not [url for url in watch.requests if LIBRARY in url]
    page.keyboard.press("i")
    expect(interactive(page)).to_be_visible()
    expect(page.locator("img.plot-large")).to_be_hidden()
    assert len([url for url in watch.requests if LIBRARY in url]) == 1
    page.get_by_role("button", name="Picture").click()
    expect(interactive(page)).to_have_count(0)
    expect(page.locator("img.plot-large")).to_be_visible()


def test_the_value_under_the_pointer_is_that_of_the_api_also_of_combined_bins(page: Page, home: str) -> None:
    open_interactive(page, home + TIMES)
    contents = in_api(page, BARREL)["fArray"]
    hint = value_at(page, 0.45, 0.6)
    assert float(hint["entries"]) == contents[int(hint["bin"])] > 0
    page.get_by_label("Bins of x as one").select_option("4")
    hint = value_at(page, 0.45, 0.6)
    last = 4 * int(hint["bin"])
    assert float(hint["entries"]) == sum(contents[last - 3 : last + 1])


def test_a_projection_is_the_sum_over_the_whole_other_axis(page: Page, home: str) -> None:
    open_interactive(page, home + MAP)
    contents = in_api(page, "Hcal/DigiTask/Occupancy/depth/depth1")["fArray"]
    page.locator("select[name=project]").select_option("y")
    hint = value_at(page, 0.45, 0.7)
    row = int(hint["bin"])
    assert float(hint["entries"]) == sum(contents[85 * row : 85 * (row + 1)])
    page.locator("select[name=project]").select_option("")
    expect(interactive(page).get_by_text("Digi occupancy")).to_be_visible()


def test_a_drag_zooms_and_a_double_click_shows_everything_again(page: Page, home: str) -> None:
    open_interactive(page, home + TIMES)
    axis = interactive(page).locator(".xaxis_container")
    expect(axis).to_contain_text("20")
    zoom(page)
    box = interactive(page).bounding_box()
    assert box
    expect(axis).not_to_contain_text("20")
    page.mouse.dblclick(box["x"] + 0.45 * box["width"], box["y"] + 0.45 * box["height"])
    expect(axis).to_contain_text("20")


def test_references_are_drawn_over_a_histogram_and_beside_a_map(page: Page, home: str) -> None:
    page.request.get(f"/api/v1/archive/367100{ZERO_BIAS}/")
    open_interactive(page, f"{home}{TIMES}&ref=367100&norm=false")
    expect(interactive(page).locator('path[style*="rgb(0, 51, 255)"], path[style*="#0033ff"]').first).to_be_attached()
    open_interactive(page, f"{home}{MAP}&ref=367100")
    expect(interactive(page, 1)).to_have_attribute("aria-label", "Interactive plot Run 367100")
    page.get_by_role("link", name="Remove Run 367100").click()
    expect_page(page, r"depth1&interactive=on$")
    expect(page.get_by_role("img", name="Interactive plot")).to_have_count(1)


def test_a_profile_and_a_histogram_of_nan_are_drawn(page: Page, home: str) -> None:
    for path in (
        "EcalBarrel/EBOccupancyTask/EBOT rec hit energy",
        "Tracking/TrackParameters/generalTracks/GeneralProperties/DxySignificance_GenTk",
    ):
        open_interactive(page, f"{home}{SAMPLE}?plot={quote(path, safe='')}")


def test_a_histogram_of_three_axes_says_that_it_is_not_interactive_and_leads_to_its_table(page: Page, home: str) -> None:
    page.goto(f"{home}{SAMPLE}?plot=OfflinePV%2FofflinePrimaryVertices%2Fvertex_xyz")
    expect(page.locator("img.plot-large")).to_be_visible()
    expect(page.get_by_role("button", name="Interactive")).to_have_count(0)
    expect(page.get_by_text("Not interactive: a TH3F has three axes.")).to_be_visible()
    page.get_by_role("link", name="Its table").click()
    expect(page.get_by_role("region", name="Table")).to_be_visible()


def test_values_that_are_not_finite_are_named(page: Page, home: str) -> None:
    path = "Tracking/TrackParameters/generalTracks/GeneralProperties/DxySignificance_GenTk"
    open_interactive(page, f"{home}{SAMPLE}?plot={quote(path, safe='')}")
    lost = in_api(page, path)["fArray"].count(None)
    assert lost
    expect(page.locator(".interactive-note")).to_contain_text(re.compile(rf": {lost} values? (is|are) not finite"))
    open_interactive(page, home + TIMES)
    expect(page.locator(".interactive-note")).to_have_count(0)


def zoom(page: Page) -> None:
    """Zoom on a tenth of the x axis."""
    box = interactive(page).bounding_box()
    assert box
    page.mouse.move(box["x"] + 0.4 * box["width"], box["y"] + 0.4 * box["height"])
    page.mouse.down()
    page.mouse.move(box["x"] + 0.5 * box["width"], box["y"] + 0.5 * box["height"], steps=5)
    page.mouse.up()


def test_the_address_of_an_interactive_plot_leads_to_the_same_view(page: Page, home: str) -> None:
    open_interactive(page, home + TIMES)
    expect_page(page, "interactive=on$")
    page.get_by_label("Bins of x as one").select_option("2")
    expect_page(page, "interactive=on,x:2$")
    expect(interactive(page).locator("svg").first).to_be_visible()
    zoom(page)
    expect_page(page, "zoomx:[-0-9.]+:[-0-9.]+")
    axis = interactive(page).locator(".xaxis_container")
    expect(axis).not_to_contain_text("20")
    labels, address = axis.text_content(), page.url
    page.goto(f"{home}/")
    page.goto(address)
    expect(axis).to_have_text(str(labels))
    expect(page.get_by_label("Bins of x as one")).to_have_value("2")
    assert page.url == address
    copied = page.get_by_role("link", name="Copy link").evaluate("link => link.href")
    assert unquote(str(copied)) == unquote(address)
    page.get_by_role("button", name="Picture").click()
    expect(page).not_to_have_url(re.compile("interactive"))


def test_the_address_of_a_projection_leads_to_it(page: Page, home: str) -> None:
    open_interactive(page, home + MAP)
    page.locator("select[name=project]").select_option("y")
    expect_page(page, "interactive=on,project:y$")
    page.reload()
    expect(page.locator("select[name=project]")).to_have_value("y")
    hint = value_at(page, 0.45, 0.7)
    contents, row = in_api(page, "Hcal/DigiTask/Occupancy/depth/depth1")["fArray"], int(hint["bin"])
    assert float(hint["entries"]) == sum(contents[85 * row : 85 * (row + 1)])


def test_an_interactive_plot_does_not_glare_in_the_dark(page: Page, home: str) -> None:
    page.emulate_media(color_scheme="dark")
    open_interactive(page, home + TIMES)
    assert interactive(page).evaluate("plot => getComputedStyle(plot.closest('.interactive-plot')).filter").startswith("brightness(0.")


def test_table_size_and_neighbours_keep_the_plot_interactive(page: Page, home: str) -> None:
    open_interactive(page, home + TIMES)
    page.get_by_label("Bins of x as one").select_option("4")
    expect_page(page, "interactive=on,x:4")
    page.keyboard.press("t")
    expect_page(page, "table=1.*interactive=on,x:4")
    expect(page.get_by_label("Bins of x as one")).to_have_value("4")
    page.keyboard.press("z")
    expect_page(page, "size=xl.*interactive=on,x:4")
    expect(interactive(page).locator("svg").first).to_be_visible()
    page.get_by_role("link", name="Next", exact=True).click()
    expect_page(page, "interactive=on$")
    expect(interactive(page).locator("svg").first).to_be_visible()
    page.get_by_role("button", name="Picture").click()
    expect(interactive(page)).to_have_count(0)
    page.get_by_role("link", name="Previous", exact=True).click()
    expect_plot(page, "EBTMT timing EB+02", 1200)
    assert "interactive" not in page.url


def test_the_interactive_plot_has_the_ranges_of_the_display_and_says_what_it_does_not_show(page: Page, home: str) -> None:
    open_interactive(page, f"{home}{TIMES}&xmin=-2&xmax=3&ref=367100&compare=difference")
    expect(interactive(page).locator(".xaxis_container text").first).to_be_visible()
    texts = [text.replace("\u2212", "-") for text in interactive(page).locator(".xaxis_container text").all_text_contents()]
    numbers = [float(text) for text in texts if re.fullmatch(r"-?[\d.]+", text)]
    assert (min(numbers), max(numbers)) == (-2, 3)
    expect(page.locator(".interactive-note")).to_have_text("The interactive plot shows its references as overlay.")
