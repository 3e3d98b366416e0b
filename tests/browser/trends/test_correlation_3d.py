"""Three series against each other: drawn in three dimensions, turned by pointer and keys, with a table as its equal."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import Browser, Page, expect

from app.core.settings import Settings
from app.trends.groups import DisplayGroup
from app.trends.groups.store import add_group
from tests.browser.axe import add_axe, faults
from tests.browser.pages import PHONE, Watch, accessibility_faults, becomes_true, content_width, open_page
from tests.support.site import address, bound, site
from tests.trends.query.points_of_tests import TrendStore

pytestmark = pytest.mark.slow

RNG = np.random.default_rng(355)
RUNS = [355000 + number for number in range(40)]
X = RNG.uniform(10, 20, len(RUNS))
Y = RNG.uniform(0.5, 0.7, len(RUNS))
Z = 3 * X - 40 * Y + 5 + RNG.normal(0, 0.5, len(RUNS))
SERIES = "&".join(f"series=Pixel/{name}/StreamExpress/Express" for name in ("Charge", "Size", "Signal"))
CHART = f"/trends/chart?{SERIES}&correlate=1&significant=all"
TRENDS = "/trends?subsystem=Pixel&pd=StreamExpress&ps=Express&significant=all"
DRAWN = ".trend-3d[data-drawn]"
LIBRARY = "jsroot.min.js"
NO_WEBGL = """const getContext = HTMLCanvasElement.prototype.getContext;
HTMLCanvasElement.prototype.getContext = function (kind, ...more) {
    return kind.startsWith("webgl") ? null : getContext.call(this, kind, ...more);
};"""
PLACE_OF_ROW = """row => {
    const { scene } = dqm.trends.page.charts[0];
    const { camera } = scene.painter;
    camera.updateMatrixWorld();
    const at = new JSROOT.THREE.Vector3(...scene.place(row)).project(camera);
    const { left, top, width, height } = scene.canvas.getBoundingClientRect();
    return { x: left + (1 + at.x) / 2 * width, y: top + (1 - at.y) / 2 * height };
}"""


@pytest.fixture(scope="module")
def hub_3d(tmp_path_factory: pytest.TempPathFactory, sqlite_template: Path) -> Iterator[Settings]:
    """A hub with a group of three trends, whose points are about a plane; the last run lacks one of them."""
    with site(Settings(data_dir=str(tmp_path_factory.mktemp("t3")), web_workers=1), sqlite_template, []) as settings:
        with bound(settings):
            store = TrendStore(settings)
            store.configure("Pixel", **{name: f"basic.Mean() Pixel/{name}" for name in ("Charge", "Size", "Signal")})
            for run, x, y, z in zip(RUNS, X, Y, Z, strict=True):
                store.add(run, {"Charge": (float(x), 0.1), "Size": (float(y), 0.01), "Signal": (float(z), 0.5)})
            store.add(RUNS[-1] + 1, {"Charge": (15.0, 0.1), "Size": (0.6, 0.1)})
            add_group(DisplayGroup("all", "All three", "", "Pixel", True, ("Charge", "Size", "Signal")))
        yield settings


@pytest.fixture
def page(browser: Browser, hub_3d: Settings, watch: Watch) -> Iterator[Page]:
    """A page of the hub."""
    watch.expected += ["GL Driver Message", "Context Lost"]
    with open_page(browser, address(hub_3d), watch) as page:
        yield page


def picture(page: Page) -> bytes:
    """What the chart shows."""
    return page.locator(DRAWN).screenshot(animations="disabled")


def test_the_library_is_loaded_only_for_a_chart_that_needs_it(page: Page, watch: Watch) -> None:
    page.goto(CHART.replace("&correlate=1", ""))
    expect(page.locator(".trend-canvas .uplot")).to_be_visible()
    assert not any(LIBRARY in url for url in watch.requests)
    page.goto(CHART)
    expect(page.locator(DRAWN)).to_be_visible()
    assert sum(LIBRARY in url for url in watch.requests) == 1


def test_a_group_of_three_is_drawn_on_the_page_of_trends(page: Page) -> None:
    page.goto(TRENDS)
    expect(page.locator(".trend-chart").first).to_contain_text("All three")
    expect(page.locator(DRAWN)).to_have_count(1)
    expect(page.locator(".trend-legend").first).to_contain_text(re.compile("x: Charge.*y: Size.*z: Signal", re.S))


def test_the_parameters_of_the_plane_are_those_of_lstsq(page: Page) -> None:
    page.goto(CHART)
    (x_slope, y_slope, intercept), *_ = np.linalg.lstsq(np.column_stack([X, Y, np.ones(len(X))]), Z, rcond=None)
    text = page.locator(".trend-statistics", has_text="RMS about the plane").inner_text()
    found = [float(number) for number in re.findall(r"\((-?[\d.]+) ±", text)]
    assert found == pytest.approx([x_slope, y_slope, intercept], rel=2e-2)
    assert "x: Charge, y: Size, z: Signal" in text
    expect(page.locator(DRAWN)).to_be_visible()
    drawn = page.evaluate("(({x_slope, y_slope, intercept}) => [x_slope, y_slope, intercept])(dqm.trends.page.answer.charts[0].regression)")
    assert drawn == pytest.approx([x_slope, y_slope, intercept], rel=1e-6)


def test_only_runs_with_all_three_points_are_drawn_coloured_by_run(page: Page) -> None:
    page.goto(CHART)
    expect(page.locator(DRAWN)).to_be_visible()
    assert page.evaluate("dqm.trends.page.charts[0].rows.length") == len(RUNS)
    colours = page.evaluate("dqm.trends.page.charts[0].rows.map(row => dqm.trends.page.charts[0].colourOf(row))")
    scale = page.evaluate("dqm.trends.page.colours.scale")
    places = [scale.index(colour) for colour in colours]
    assert places == sorted(places)
    assert (places[0], len(set(places))) == (0, len(scale) if len(set(places)) == len(scale) else len(set(places)))
    assert places[-1] >= len(scale) - 2, "the very last run lacks a point"


def test_keys_and_drag_turn_the_chart_and_reset_turns_it_back(page: Page) -> None:
    page.goto(CHART)
    expect(page.locator(DRAWN)).to_be_visible()
    page.locator(DRAWN).focus()
    first = picture(page)
    for key in ("ArrowLeft", "ArrowUp", "+"):
        before = picture(page)
        page.keyboard.press(key)
        assert becomes_true(page, lambda before=before: picture(page) != before), key
    page.keyboard.press("0")
    assert becomes_true(page, lambda: picture(page) == first)
    box = page.locator(DRAWN).bounding_box()
    assert box
    middle = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.move(*middle)
    page.mouse.down()
    page.mouse.move(middle[0] + 80, middle[1] + 10, steps=4)
    page.mouse.up()
    page.mouse.move(box["x"] + 2, box["y"] + 2)
    turned = page.evaluate("dqm.trends.page.charts[0].scene.angles")
    page.get_by_role("button", name="The first view").click()
    assert page.evaluate("dqm.trends.page.charts[0].scene.angles") != turned
    expect(page.locator("#trend-point")).not_to_contain_text("Chosen run"), "a drag is no click"


def test_keys_go_from_run_to_run_and_say_its_values(page: Page) -> None:
    page.goto(CHART)
    expect(page.locator(DRAWN)).to_be_visible()
    page.locator(DRAWN).focus()
    page.keyboard.press("Shift+ArrowRight")
    expect(page.locator(".trend-facts")).to_contain_text(f"Run {RUNS[0]}")
    page.keyboard.press("Shift+ArrowRight")
    expect(page.locator(".trend-facts")).to_contain_text(f"Run {RUNS[1]}")
    spoken = page.locator("[aria-live=polite].unseen").inner_text()
    assert spoken.startswith("Charge: ")
    numbers = [float(number.replace("\u2212", "-")) for number in re.findall(r": (\u2212?\d+\.?\d*)", spoken)[:3]]
    assert numbers == pytest.approx([X[1], Y[1], Z[1]], rel=1e-4)
    page.keyboard.press("End")
    expect(page.locator(".trend-facts")).to_contain_text(f"Run {RUNS[-1]}")
    page.keyboard.press("Enter")
    expect(page.locator("#trend-point")).to_contain_text(str(RUNS[-1]))


def test_a_click_on_a_point_opens_it(page: Page) -> None:
    page.goto(CHART)
    expect(page.locator(DRAWN)).to_be_visible()
    row = int(np.argmax(Z))
    place = page.evaluate(PLACE_OF_ROW, row)
    page.mouse.click(place["x"], place["y"])
    expect(page.locator(".trend-facts")).to_contain_text(f"Run {RUNS[row]}")
    expect(page.locator("#trend-point")).to_contain_text(str(RUNS[row]))


def test_without_webgl_a_table_has_the_same_points_and_nothing_is_loaded(page: Page, watch: Watch) -> None:
    page.add_init_script(NO_WEBGL)
    page.goto(CHART)
    expect(page.locator(".trend-plot")).to_contain_text("WebGL is off")
    cells = page.locator(".trend-plot tbody tr").evaluate_all("rows => rows.map(row => [...row.children].map(cell => cell.textContent))")
    assert [int(cell[0]) for cell in cells] == RUNS
    assert [[float(text.replace("\u2212", "-")) for text in cell[1:]] for cell in cells] == [
        pytest.approx(list(values), rel=1e-4) for values in zip(X, Y, Z, strict=True)
    ]
    assert not any(LIBRARY in url for url in watch.requests)
    assert accessibility_faults(page) == []


def test_a_chart_that_the_browser_stops_drawing_becomes_a_table(page: Page) -> None:
    page.goto(CHART)
    expect(page.locator(DRAWN)).to_be_visible()
    page.evaluate("dqm.trends.page.charts[0].scene.painter.renderer.forceContextLoss()")
    expect(page.locator(".trend-plot")).to_contain_text("has stopped drawing this chart")
    expect(page.locator(".trend-plot tbody tr")).to_have_count(len(RUNS))


def test_the_picture_is_saved_as_a_png_with_title_and_points(page: Page, tmp_path: Path) -> None:
    from PIL import Image

    page.goto(CHART)
    expect(page.locator(DRAWN)).to_be_visible()
    with page.expect_download() as download:
        page.locator("[data-save=png]").click()
    assert download.value.suggested_filename == "Charge-Size-Signal.png"
    path = tmp_path / "picture.png"
    download.value.save_as(path)
    with Image.open(path) as image:
        colours = {colour for _, colour in image.convert("RGB").getcolors(image.width * image.height)}
    assert any(max(colour) - min(colour) > 80 for colour in colours), "points have colours"
    expect(page.locator("[data-save=svg]")).to_be_disabled()


def test_axe_finds_nothing_and_the_page_fits_a_phone_in_both_themes(browser: Browser, hub_3d: Settings, watch: Watch) -> None:
    watch.expected += ["GL Driver Message", "Context Lost"]
    for options in ({}, PHONE):
        with open_page(browser, address(hub_3d), watch, **options) as page:
            add_axe(page)
            page.goto(CHART)
            expect(page.locator(DRAWN)).to_be_visible()
            assert faults(page, "light") + faults(page, "dark") == []
            assert content_width(page) <= page.evaluate("innerWidth")
            expect(page.locator(DRAWN)).to_be_visible()


def test_the_chart_is_drawn_anew_in_another_size(page: Page) -> None:
    page.goto(CHART)
    expect(page.locator(DRAWN)).to_be_visible()
    page.locator(DRAWN).focus()
    page.keyboard.press("ArrowLeft")
    angles = page.evaluate("dqm.trends.page.charts[0].scene.angles")
    page.set_viewport_size({"width": 900, "height": 700})
    width = "document.querySelector('.trend-3d').clientWidth"
    assert becomes_true(page, lambda: page.evaluate(f"dqm.trends.page.charts[0].scene?.canvas.clientWidth === {width}"))
    assert page.evaluate("dqm.trends.page.charts[0].scene.angles") == pytest.approx(angles)


def test_keys_and_buttons_do_nothing_while_the_chart_is_drawn_anew(page: Page) -> None:
    page.goto(CHART)
    expect(page.locator(DRAWN)).to_be_visible()
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.evaluate("""() => {
        const chart = dqm.trends.page.charts[0];
        const { scene } = chart;
        chart.scene = null; // as from destroy() to the end of draw()
        const keys = ["ArrowLeft", "ArrowUp", "+", "-", "0", "Home", "End"];
        for (const key of keys) for (const shiftKey of [false, true])
            chart.box.dispatchEvent(new KeyboardEvent("keydown", { key, shiftKey, bubbles: true, cancelable: true }));
        for (const button of chart.figure.querySelectorAll(".trend-tools button")) button.click();
        chart.box.click();
        chart.scene = scene;
    }""")
    page.locator(DRAWN).press("Home")
    expect(page.locator(".trend-facts")).to_contain_text(str(RUNS[0]))
    assert errors == []
