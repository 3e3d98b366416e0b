"""How charts of trends are used: zoom, crosshair, keys, fingers, files; none of it needs a request for points."""

from __future__ import annotations

import re
import struct
from datetime import UTC, datetime
from pathlib import Path
from xml.etree import ElementTree

import pytest
from playwright.sync_api import Browser, Page, expect

from app.core.settings import Settings
from tests.browser.pages import PHONE, Watch, becomes_true, content_width, open_page
from tests.browser.trends import planted
from tests.browser.trends.chart_page import ChartOnPage
from tests.browser.trends.planted import PAGE
from tests.support.site import address

pytestmark = pytest.mark.slow

PIXEL = "/trends?subsystem=Pixel&pd=StreamExpress&ps=Express&runs=355000-356000"
SVG = "{http://www.w3.org/2000/svg}"


@pytest.fixture
def charts(page: Page) -> list[ChartOnPage]:
    """The charts of the page of planted points, drawn; those without points are left out."""
    page.goto(PAGE)
    return [ChartOnPage(page, title).drawn() for title in (planted.STEPS, planted.CORRELATION, planted.OLD, planted.PLANTED)]


def test_zoom_is_for_all_charts_with_the_axis_and_needs_no_request(page: Page, charts: list[ChartOnPage], watch: Watch) -> None:
    steps, correlation, _, points = charts
    before = correlation.view
    requests = len(watch.requests)
    points.figure.scroll_into_view_if_needed()
    points.drag((9.5, 250), (19.5, 20))
    assert points.drawn().view == {"x": pytest.approx([9.5, 19.5], abs=0.2), "y": pytest.approx([20, 250], abs=12)}
    assert points.get("chart.counts") == {"points": 10, "above": 0, "below": 0}
    assert steps.view["x"] == points.view["x"]
    assert correlation.view == before
    points.figure.get_by_role("button", name="Reset the zoom").click()
    assert points.view == {"x": pytest.approx([-1.1, 60.1]), "y": pytest.approx(planted.usual_range(), rel=1e-5)}
    assert steps.view["x"] == points.view["x"]
    assert len(watch.requests) == requests


def test_the_crosshair_is_at_the_same_run_in_all_charts(page: Page, charts: list[ChartOnPage]) -> None:
    steps, correlation, _, points = charts
    number = 8
    steps.figure.scroll_into_view_if_needed()
    page.mouse.move(*steps.place(number, planted.step(number)))
    for chart in (steps, correlation, points):
        expect(chart.figure.locator(".trend-facts")).to_contain_text(f"Run {planted.RUNS[number]}")
    facts = points.figure.locator(".trend-facts")
    expect(facts).to_contain_text("fill 8501")
    expect(facts).to_contain_text("duration 02:00:00")
    expect(facts).to_contain_text("recorded 10 pb⁻¹")
    expect(facts).to_contain_text("class Collisions22")
    expect(facts).to_contain_text(f"start {datetime.fromtimestamp(planted.start(number), UTC):%Y-%m-%d %H:%M:%S} UTC")
    expect(points.figure.locator(".trend-legend")).to_contain_text("103.00 ± 0.50")
    expect(steps.figure.locator(".trend-legend li").nth(1)).to_contain_text("42.00 ± 0.25")
    assert correlation.get("chart.plot.cursor.left") == pytest.approx(
        correlation.get(f"chart.plot.valToPos({planted.line(number)}, 'x')"), abs=1
    )


def test_charts_stay_in_their_places_when_the_pointer_moves(page: Page, charts: list[ChartOnPage]) -> None:
    below = charts[3]
    places = set()
    for number in (8, 9, planted.MARKED, planted.UNKNOWN):
        page.mouse.move(*below.place(number, planted.planted(number)))
        expect(below.figure.locator(".trend-facts")).to_contain_text(f"Run {planted.RUNS[number]}")
        places.add(below.get("chart.box.getBoundingClientRect().top"))
    page.mouse.move(1, 1)
    places.add(below.get("chart.box.getBoundingClientRect().top"))
    assert len(places) == 1, places


def test_keys_move_over_points_zoom_and_say_the_values(page: Page, charts: list[ChartOnPage]) -> None:
    chart = charts[3]
    chart.box.focus()
    live = chart.figure.locator("[aria-live]")
    for key, run in (("Home", 0), ("ArrowRight", 1), ("ArrowLeft", 0), ("End", 59), ("ArrowLeft", 58)):
        page.keyboard.press(key)
        expect(live).to_contain_text(f"Run {planted.RUNS[run]}")
    expect(live).to_contain_text(re.compile(r"^Planted: 103\.00 ± 0\.50\. Run 360116, fill 8509, duration 02:00:00"))
    page.keyboard.press("Home")
    for _ in range(planted.NO_POINT):
        page.keyboard.press("ArrowRight")
    expect(live).to_contain_text(f"Run {planted.RUNS[planted.NO_POINT + 1]}")
    whole = chart.view["x"]
    page.keyboard.press("+")
    page.keyboard.press("+")
    assert chart.view["x"][1] - chart.view["x"][0] < (whole[1] - whole[0]) / 3
    page.keyboard.press("End")
    assert chart.view["x"][0] < 59 < chart.view["x"][1] <= whole[1]
    page.keyboard.press("0")
    assert chart.view["x"] == whole
    page.keyboard.press("a")
    assert chart.view["y"][1] > 1000


def test_keys_change_the_line_at_the_same_run(page: Page, charts: list[ChartOnPage]) -> None:
    chart = charts[0]
    chart.box.focus()
    page.keyboard.press("Home")
    live = chart.figure.locator("[aria-live]")
    expect(live).to_contain_text("Step: 49.00 ± 0.25")
    page.keyboard.press("ArrowDown")
    expect(live).to_contain_text(f"Flat: 40.00 ± 0.25. Run {planted.RUNS[0]}")


def test_a_line_is_hidden_by_its_name_in_the_legend(page: Page, charts: list[ChartOnPage]) -> None:
    chart = charts[0]
    assert chart.points == 2 * planted.COUNT
    button = chart.figure.get_by_role("button", name="Flat")
    button.click()
    expect(button).to_have_attribute("aria-pressed", "false")
    assert chart.points == planted.COUNT
    assert not chart.shows(3, planted.flat(3), 1)
    button.click()
    assert chart.points == 2 * planted.COUNT
    assert chart.shows(3, planted.flat(3), 1)


def test_the_theme_repaints_charts_without_a_request(page: Page, charts: list[ChartOnPage], watch: Watch) -> None:
    chart = charts[3]
    light, requests = chart.colour(0), len(watch.requests)
    assert chart.shows(3, planted.planted(3))
    page.emulate_media(color_scheme="dark")
    page.wait_for_function("before => dqm.trends.page.colours.series[0] !== before", arg=f"rgb({', '.join(map(str, light))})")
    assert sum(chart.colour(0)) > sum(light)
    assert chart.shows(3, planted.planted(3))
    assert len(watch.requests) == requests


def test_charts_below_the_window_are_drawn_when_they_are_scrolled_near(page: Page) -> None:
    page.goto(f"{PIXEL}&grid=1x6")
    page.wait_for_function("() => dqm.trends.page?.charts.length > 0")
    last = page.locator(".trend-chart h2").last.inner_text()
    assert page.evaluate("dqm.trends.page.charts.length") < 6
    assert ChartOnPage(page, last).drawn().points > 50


def test_charts_follow_the_width_of_the_window(page: Page, charts: list[ChartOnPage]) -> None:
    chart = charts[3]
    page.set_viewport_size({"width": 900, "height": 768})
    page.wait_for_function("() => dqm.trends.page.charts.every(chart => chart.plot.width === chart.box.clientWidth)")
    assert content_width(page) <= 900
    assert chart.shows(3, planted.planted(3))


def test_an_svg_has_each_point_with_title_axes_and_legend(page: Page, charts: list[ChartOnPage], tmp_path: Path) -> None:
    chart = charts[0]
    with page.expect_download() as download:
        chart.figure.get_by_role("button", name="SVG").click()
    assert download.value.suggested_filename == "Step-Flat-360000-360118.svg"
    download.value.save_as(tmp_path / "chart.svg")
    root = ElementTree.parse(tmp_path / "chart.svg").getroot()
    groups = [group for group in root.iter(f"{SVG}g") if group.get("class") == "points"]
    assert [len(group.findall(f"{SVG}use")) for group in groups] == [planted.COUNT, planted.COUNT]
    texts = [element.text or "" for element in root.iter(f"{SVG}text")]
    assert "Step and flat" in texts
    assert "Run" in texts
    assert "Level" in texts
    assert any(text.startswith("Step (Strip, StreamExpress, Express): mean 53, RMS 3.16") for text in texts), texts
    assert str(planted.RUNS[0]) in texts


def test_a_long_title_is_cut_at_the_edge_of_a_file(page: Page, charts: list[ChartOnPage], tmp_path: Path) -> None:
    chart = charts[3]
    page.evaluate("dqm.trends.page.charts.find(chart => chart.title === 'Planted').title = 'Title '.repeat(60)")
    with page.expect_download() as download:
        chart.figure.get_by_role("button", name="SVG").click()
    download.value.save_as(tmp_path / "chart.svg")
    title = next(text.text or "" for text in ElementTree.parse(tmp_path / "chart.svg").iter(f"{SVG}text"))
    assert title.startswith("Title Title")
    assert title.endswith("…")
    assert 100 < len(title) < 200  # letters on 960 pixels


def test_a_png_has_the_size_of_a_slide(page: Page, charts: list[ChartOnPage], tmp_path: Path) -> None:
    with page.expect_download() as download:
        charts[1].figure.get_by_role("button", name="PNG").click()
    assert download.value.suggested_filename == "Line-Twice-360000-360116.png"
    download.value.save_as(tmp_path / "chart.png")
    content = (tmp_path / "chart.png").read_bytes()
    assert content[:8] == b"\x89PNG\r\n\x1a\n"
    assert struct.unpack(">II", content[16:24]) == (2000, 1120)


def test_a_failed_request_is_said_in_the_charts_and_can_be_tried_again(page: Page, watch: Watch) -> None:
    watch.expected.append("net::ERR_FAILED")
    page.route("**/trends/points*", lambda route: route.abort())
    page.goto(PAGE)
    figure = ChartOnPage(page, planted.STEPS).figure
    expect(figure).to_contain_text("The points could not be loaded")
    page.unroute("**/trends/points*")
    figure.get_by_role("button", name="Try again").click()
    assert ChartOnPage(page, planted.STEPS).drawn().points == 2 * planted.COUNT


def test_charts_are_drawn_again_when_the_page_changes(page: Page, charts: list[ChartOnPage]) -> None:
    page.get_by_label("X axis").select_option("fill")
    page.wait_for_function("() => dqm.trends.page?.mode === 'fill'")
    chart = ChartOnPage(page, planted.STEPS).drawn()
    assert chart.get("chart.model.mode") == "fill"
    expect(page.locator(".trend-canvas .uplot")).to_have_count(page.evaluate("dqm.trends.page.charts.length"))


def test_enter_and_a_click_open_a_point_beside_the_charts(page: Page, charts: list[ChartOnPage]) -> None:
    chart = charts[3]
    chart.box.focus()
    page.keyboard.press("Home")
    page.keyboard.press("Enter")
    beside = page.locator("#trend-point")
    expect(beside).to_contain_text(f"Run {planted.RUNS[0]}")
    page.wait_for_function("() => dqm.trends.page.charts.every(chart => chart.plot.width === chart.box.clientWidth)")
    chart.box.scroll_into_view_if_needed()
    page.mouse.click(*chart.place(7, planted.planted(7)))
    expect(beside).to_contain_text(f"Run {planted.RUNS[7]}")
    assert chart.get("chart.page.run") == planted.RUNS[7]
    page.mouse.click(*chart.place(30.5, 500))
    expect(beside).to_contain_text(f"Run {planted.RUNS[7]}")


def test_one_chart_has_the_range_and_the_run_of_its_address(page: Page) -> None:
    query = "series=Strip/Planted/StreamExpress/Express&runs=360000-361000&ymin=99&ymax=103.5&run=360010"
    page.goto(f"/trends/chart?{query}")
    chart = ChartOnPage(page, "Planted", is_only=True).drawn()
    assert chart.view["y"] == [99, 103.5]
    numbers = [number for number in range(planted.COUNT) if number != planted.NO_POINT]
    assert chart.points == sum(planted.planted(number) < 103.5 for number in numbers)
    assert chart.get("chart.page.run") == 360010
    plain = chart.pixel(15, 101.5)
    assert chart.pixel(5, 101.5) != plain, "a line at the chosen run"


def test_a_finger_chooses_a_point_and_two_zoom(browser: Browser, trends_hub: Settings, watch: Watch) -> None:
    with open_page(browser, address(trends_hub), watch, **PHONE) as page:
        page.goto(PAGE)
        chart = ChartOnPage(page, planted.PLANTED).drawn()
        chart.figure.locator(".u-over").scroll_into_view_if_needed()
        page.touchscreen.tap(*chart.place(30, planted.planted(30)))
        near = "|".join(str(run) for run in planted.RUNS[29:32])  # some 4 pixels from each other
        expect(chart.figure.locator(".trend-facts")).to_contain_text(re.compile(f"Run ({near})"))
        expect(page.locator("#trend-point")).to_be_empty()
        assert "run=" not in page.url
        whole = chart.view["x"]
        chart.figure.get_by_role("button", name="Zoom in").click()
        assert chart.view["x"][1] - chart.view["x"][0] == pytest.approx((whole[1] - whole[0]) / 2)
        pinch(page, chart)
        assert becomes_true(page, lambda: chart.view["x"][1] - chart.view["x"][0] == pytest.approx((whole[1] - whole[0]) / 4, rel=0.1))
        assert content_width(page) <= 390


def pinch(page: Page, chart: ChartOnPage) -> None:
    """Move two fingers away from each other until they are twice as far."""
    (x, y), _ = chart.place(sum(chart.view["x"]) / 2, 100), 0
    client = page.context.new_cdp_session(page)
    for kind, distance in (("touchStart", 30), ("touchMove", 45), ("touchMove", 60)):
        points = [{"x": x - distance, "y": y, "id": 0}, {"x": x + distance, "y": y, "id": 1}]
        client.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})
    client.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
