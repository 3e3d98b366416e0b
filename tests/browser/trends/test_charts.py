"""What charts of trends show: planted points are where their formulas say, and none is lost."""

from __future__ import annotations

import math
from datetime import UTC, datetime
from itertools import pairwise

import pytest
from playwright.sync_api import Page, expect

from tests.browser.trends import planted
from tests.browser.trends.chart_page import ChartOnPage
from tests.browser.trends.planted import PAGE

pytestmark = pytest.mark.slow


def chart_of(page: Page, title: str, options: str = "") -> ChartOnPage:
    """A chart of the page of planted points."""
    page.goto(PAGE + options)
    return ChartOnPage(page, title).drawn()


def known(numbers: range = range(planted.COUNT)) -> list[int]:
    """Numbers of the runs that have a point of the trend Planted."""
    return [number for number in numbers if number != planted.NO_POINT]


def test_each_point_is_drawn_and_one_out_of_range_is_said(page: Page) -> None:
    chart = chart_of(page, planted.PLANTED)
    low, high = planted.usual_range()
    assert chart.view["y"] == pytest.approx([low, high], rel=1e-5)
    assert chart.points == len(known()) - 1
    assert chart.get("chart.counts") == {"points": 58, "above": 1, "below": 0}
    expect(chart.figure.locator(".trend-note")).to_contain_text("1 point above the shown range.")


@pytest.mark.parametrize("low", [1e17, -1e17, 1e5, 9007199254740992.0])
def test_an_axis_whose_ends_are_neighbours_among_numbers_has_few_ticks(page: Page, low: float) -> None:
    high = math.nextafter(low, math.inf)
    page.goto(PAGE)
    found = page.evaluate("ends => dqm.trends.ticks.numbers(ends, 300)", [low, high])
    assert len(found) <= 1000
    assert [each["text"] for each in page.evaluate("() => dqm.trends.ticks.numbers([0, 10], 350)")] == ["0", "2", "4", "6", "8", "10"]


def test_a_chart_is_not_enlarged_until_its_values_have_the_same_digits(page: Page) -> None:
    chart = chart_of(page, planted.PLANTED)
    chart.get("chart.show({y: [1e5, 1e5 + 1e-6]})")
    assert chart.view["y"] == [1e5, 1e5 + 1e-6]
    chart.get("chart.show({y: [1e5, 1e5 + 1e-10]})")
    assert chart.view["y"] == [1e5, 1e5 + 1e-6]


def test_an_axis_of_time_begins_with_the_run_that_starts_first_however_long_it_is(page: Page) -> None:
    page.goto(PAGE)
    runs = "{run: [1, 2, 3], start: [1000, 4000, 9000], end: [9900, 5000, 9500], fill: [0, 0, 0]}"
    low, high = page.evaluate(f"() => dqm.trends.layout('time', {runs}).range")
    room = 0.01 * (9900 - 1000)
    assert (low, high) == pytest.approx((1000 - room, 9900 + room))


def test_a_point_out_of_range_has_a_sign_at_the_edge_above_its_run(page: Page) -> None:
    chart = chart_of(page, planted.PLANTED)
    sign = chart.get("chart.view.y[1] - (chart.view.y[1] - chart.view.y[0]) * 6 / chart.plot.over.clientHeight")
    assert chart.shows(planted.OUTLIER, sign)
    assert not chart.shows(planted.OUTLIER + 2, sign)


def test_a_double_click_shows_all_points_and_another_the_usual_range(page: Page) -> None:
    chart = chart_of(page, planted.PLANTED)
    page.mouse.dblclick(*chart.place(40, 200))
    expect(chart.figure.locator(".trend-note")).not_to_contain_text("above")
    assert chart.points == len(known())
    assert chart.view["y"][1] > 1000
    assert chart.shows(planted.OUTLIER, 1000)
    page.mouse.dblclick(*chart.place(40, 200))
    expect(chart.figure.locator(".trend-note")).to_contain_text("1 point above")
    assert chart.view["y"] == pytest.approx(planted.usual_range(), rel=1e-5)


def test_points_are_where_their_values_are_and_marked_ones_are_hollow(page: Page) -> None:
    chart = chart_of(page, planted.PLANTED)
    for number in known(range(10)):
        assert chart.shows(number, planted.planted(number)), number
    for number in (planted.MARKED, planted.UNKNOWN):
        assert not chart.shows(number, planted.planted(number)), number
    hollow = chart.get("[...chart.model.lines[0].hollow.keys()].filter(row => chart.model.lines[0].hollow[row])")
    unknown = [planted.NO_LUMI, planted.UNKNOWN]  # significance depends on the luminosity
    assert [row for row in hollow if row != planted.NO_POINT] == [planted.MARKED, *unknown]


def test_runs_without_luminosity_have_no_place_on_the_axis_of_luminosity(page: Page) -> None:
    chart = chart_of(page, planted.PLANTED, "&x=lumi")
    lumis = [planted.recorded(number) for number in range(planted.COUNT) if number not in (planted.NO_LUMI, planted.UNKNOWN)]
    assert chart.get("chart.model.ends.at(-1)") == pytest.approx(sum(lumis))
    assert chart.get("chart.model.ends.map((end, row) => end - chart.model.starts[row])") == pytest.approx(lumis)
    expect(page.get_by_text("2 runs are not on the x axis: the recorded luminosity is not known.")).to_be_visible()
    assert chart.points == len(lumis) - 2


def test_bars_of_the_axis_of_duration_are_as_long_as_the_runs_one_after_the_other(page: Page) -> None:
    chart = chart_of(page, planted.PLANTED, "&x=duration")
    lengths = [max(planted.duration(number), 1) for number in range(planted.COUNT) if number != planted.UNKNOWN]
    assert chart.get("chart.model.ends.map((end, row) => end - chart.model.starts[row])") == pytest.approx(lengths)
    ends = chart.get("chart.model.starts.slice(1).map((start, row) => start - chart.model.ends[row])")
    assert ends == pytest.approx([0] * (len(lengths) - 1))


def test_bars_of_the_axis_of_delivered_luminosity_are_as_long_as_it(page: Page) -> None:
    chart = chart_of(page, planted.PLANTED, "&x=delivered")
    lumis = [1.1 * planted.recorded(number) for number in range(planted.COUNT) if number not in (planted.NO_LUMI, planted.UNKNOWN)]
    assert chart.get("chart.model.ends.map((end, row) => end - chart.model.starts[row])") == pytest.approx(lumis)


def test_the_axis_of_time_has_each_run_from_its_start_to_its_end(page: Page) -> None:
    chart = chart_of(page, planted.PLANTED, "&x=time")
    numbers = [number for number in range(planted.COUNT) if number != planted.UNKNOWN]
    assert chart.get("chart.model.starts") == [planted.start(number) for number in numbers]
    assert chart.get("chart.model.ends") == [planted.start(number) + planted.duration(number) for number in numbers]
    for number in (1, 2, 4):  # long enough to be bars
        middle = planted.start(number) + planted.duration(number) / 2
        assert chart.shows(middle, planted.planted(number)), number


def test_the_axis_of_fills_has_the_runs_of_a_fill_in_its_unit(page: Page) -> None:
    chart = chart_of(page, planted.PLANTED, "&x=fill")
    fills = [number // 6 for number in range(planted.COUNT) if number != planted.UNKNOWN]
    assert chart.get("[...chart.model.middles].map(Math.round)") == fills
    assert chart.get("chart.model.ticks(chart.view.x, 2000).map(tick => tick.text)") == [str(8500 + fill) for fill in range(10)]


def test_bands_of_fills_and_columns_of_durations_are_behind_the_points(page: Page) -> None:
    chart = chart_of(page, planted.PLANTED, "&lumis=1")
    free = planted.usual_range()[1] * 0.65  # no point, column or number of a fill is there
    odd, even = chart.pixel(8.5, free), chart.pixel(14.5, free)
    assert odd != even
    assert chart.pixel(19.5, free) == odd
    assert chart.pixel(26.5, free) == even
    columns = chart.get("chart.model.columns.map(({name, max}) => [name, max])")
    assert columns == [["duration", pytest.approx(2.5)], ["lumi", pytest.approx(44)]]
    plain = chart_of(page, planted.PLANTED, "&fills=0&duration=0")
    assert plain.get("chart.model.columns.length") == 0
    assert plain.pixel(8.5, free) == plain.pixel(14.5, free)


def test_the_band_of_reference_runs_has_the_edges_of_its_formula(page: Page) -> None:
    chart = chart_of(page, planted.STEPS, "&band=360000-360058&sigma=4&fills=0&duration=0")
    values = [planted.step(number) for number in range(planted.FIRST_STEP)]
    mean = sum(values) / len(values)
    sigma = (sum((value - mean) ** 2 for value in values) / (len(values) - 1)) ** 0.5
    high = mean + 4 * sigma
    inside, outside = chart.pixel(10.5, high - 0.5), chart.pixel(10.5, high + 0.7)
    assert inside != outside
    assert inside == chart.pixel(20.5, mean + 0.5 * sigma)


def test_a_drift_is_marked_at_its_run(page: Page) -> None:
    chart = chart_of(page, planted.STEPS, "&drift=1&fills=0&duration=0")
    steps = chart.get("chart.model.lines[0].series.drift.map(step => step.run)")
    assert steps == [planted.RUNS[planted.FIRST_STEP]]
    assert any(chart.shows(planted.FIRST_STEP - 0.5, level) for level in range(60, 80)), "dashes"
    assert not any(chart.shows(planted.FIRST_STEP - 2.5, level) for level in range(60, 70))


def test_a_drift_at_a_run_without_a_place_on_the_axis_is_marked_at_the_next_one(page: Page) -> None:
    assert planted.FIRST_STEP == planted.NO_LUMI  # the first run of the higher level has no place
    chart = chart_of(page, planted.STEPS, "&drift=1&fills=0&duration=0&x=lumi")
    before = sum(planted.recorded(number) for number in range(planted.FIRST_STEP))
    assert any(chart.shows(before, level, around=1) for level in range(60, 80)), "dashes"


def test_runs_of_both_trends_are_drawn_against_each_other_with_their_line(page: Page) -> None:
    chart = chart_of(page, planted.CORRELATION)
    assert chart.points == planted.COUNT // 2
    assert chart.get("chart.model.regression.slope") == pytest.approx(2, rel=1e-5)
    assert chart.get("chart.model.regression.intercept") == pytest.approx(3, rel=1e-4)
    expect(chart.figure.locator(".trend-statistics").last).to_contain_text("y = ")
    expect(chart.figure.locator(".trend-legend")).to_contain_text(f"Run {planted.RUNS[0]}")
    chart = chart_of(page, planted.CORRELATION, "&regression=0")
    assert chart.get("chart.model.regression") is None
    first, last = (chart.pixel(planted.line(number), 2 * planted.line(number) + 3) for number in (0, planted.COUNT - 2))
    assert sum(first[:3]) < sum(last[:3]), "the colours of runs grow in brightness"


def test_a_chart_without_points_says_so(page: Page) -> None:
    page.goto(PAGE.replace("360000", "360060"))
    expect(ChartOnPage(page, planted.OLD).figure).to_contain_text("No points.")


def test_errors_are_drawn_on_request(page: Page) -> None:
    number, options = 3, "&fills=0&duration=0"
    above = planted.step(number) + 0.24

    def zoomed(chart: ChartOnPage) -> ChartOnPage:
        chart.drag((number - 2, 60), (number + 2, 40))
        chart.drag((number - 1, 53), (number + 1, 48))
        return chart.drawn()

    chart = zoomed(chart_of(page, planted.STEPS, options))
    assert chart.pixel(number, above) == chart.pixel(number, above + 0.5)
    page.get_by_label("errors").check()
    page.wait_for_function("() => dqm.trends.page.settings.errors")
    chart = zoomed(ChartOnPage(page, planted.STEPS).drawn())
    assert chart.pixel(number, above) != chart.pixel(number, above + 0.5)


def test_an_axis_of_time_has_as_many_dates_as_have_room(page: Page) -> None:
    chart = chart_of(page, planted.PLANTED, "&x=time")
    (first, last), width = chart.view["x"], chart.get("chart.plot.over.clientWidth")
    ticks = chart.get("chart.model.ticks(chart.view.x, chart.plot.over.clientWidth)")
    assert len(ticks) >= 2
    assert all((after["at"] - before["at"]) / (last - first) * width >= 80 for before, after in pairwise(ticks))
    assert all(tick["text"] == f"{datetime.fromtimestamp(tick['at'], UTC):%Y-%m-%d}" for tick in ticks)
    assert chart.get("chart.plot.axes[0]._splits") == [tick["at"] for tick in ticks]


def test_values_end_with_the_second_digit_of_their_errors(page: Page) -> None:
    page.goto(PAGE)
    texts = {
        (1.23456, 0.0123): "1.235 ± 0.012",
        (123456, 2345): "123500 ± 2300",
        (1.5e-6, 2e-8): "(1.500 ± 0.020)×10⁻⁶",
        (0, 0.5): "0.00 ± 0.50",
        (99.96, 0.996): "100.0 ± 1.0",
        (-3.2, 14.2): "−3 ± 14",
        (1e10, 1e8): "(1.000 ± 0.010)×10¹⁰",
        (5, 0): "5",
    }
    shown = page.evaluate(
        "values => values.map(([value, error]) => dqm.trends.format.measured(value, error))", [list(pair) for pair in texts]
    )
    assert shown == list(texts.values())


def test_ticks_are_round_numbers_with_the_same_digits(page: Page) -> None:
    page.goto(PAGE)
    texts = {
        (0, 2.5e6): "0 0.5×10⁶ 1.0×10⁶ 1.5×10⁶ 2.0×10⁶ 2.5×10⁶",
        (1e-5, 5e-5): "1×10⁻⁵ 2×10⁻⁵ 3×10⁻⁵ 4×10⁻⁵ 5×10⁻⁵",
        (3.80001, 3.80002): "3.800010 3.800012 3.800014 3.800016 3.800018 3.800020",
        (-3, 7): "−2 0 2 4 6",
        (100, 100.4): "100.0 100.1 100.2 100.3 100.4",
    }
    ticks = "ranges => ranges.map(range => dqm.trends.ticks.numbers(range, 250, 34).map(tick => tick.text).join(' '))"
    assert page.evaluate(ticks, [list(ends) for ends in texts]) == list(texts.values())
