"""The page of trends in Chromium: how long charts of many points take from the answer to the picture on the screen."""

from __future__ import annotations

import shutil
import statistics

from playwright.sync_api import Browser, sync_playwright

from tests.bench.table import add_row

ROUNDS = 7
WINDOW = {"width": 1920, "height": 1080}
ALL_DRAWN = "count => dqm.trends.page?.charts.length === count && performance.getEntriesByName('trends-shown').length > 0"
TIMES = """() => {
    const [answer, shown] = ["trends-answer", "trends-shown"].map(name => performance.getEntriesByName(name).at(-1).startTime);
    return { ms: shown - answer, points: dqm.trends.page.charts.reduce((sum, chart) => sum + chart.counts.points, 0) };
}"""
"""Marks of the page: when the answer was there, and after the frame with the last chart was painted."""


def browser(url: str, page: str, charts: int, runs: int) -> None:
    """Measure the charts of a page of a running hub, all of which are in the window, against one chart.

    page: address of the page without `grid`. charts, runs: how many it has.
    """
    program = shutil.which("chromium-headless-shell")
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])
        all_ms, points = shown_ms(chromium, f"{url}{page}&grid=6x3", charts)
        one_ms, _ = shown_ms(chromium, f"{url}{page}&grid=1x1", 1)
        chromium.close()
    what = f"{charts} trends of {runs:,} runs, {points:,} points in range, from the answer to the screen"
    add_row(what, f"{all_ms:.0f} ms, {all_ms / one_ms:.1f} times that of one", "500 ms")


def shown_ms(chromium: Browser, address: str, charts: int) -> tuple[float, int]:
    """The median time of some loads of a page in ms, and the number of points that it has drawn."""
    times = []
    with chromium.new_context(viewport=WINDOW) as context:
        tab = context.new_page()
        for _ in range(ROUNDS):
            tab.goto(address)
            tab.wait_for_function(ALL_DRAWN, arg=charts)
            found = tab.evaluate(TIMES)
            times.append(found["ms"])
    return statistics.median(times), int(found["points"])
