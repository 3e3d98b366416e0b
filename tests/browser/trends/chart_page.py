"""Charts of trends in a page, as their uPlot and their canvas have them."""

from __future__ import annotations

from typing import Any

from playwright.sync_api import Locator, Page

CHART = "dqm.trends.page.charts.find(chart => chart.title === '{title}')"


class ChartOnPage:
    """One chart of a page by its title, or the only one."""

    def __init__(self, page: Page, title: str, *, is_only: bool = False) -> None:
        self.page = page
        figures = page.locator(".trend-chart")
        self.figure: Locator = figures if is_only else figures.filter(has=page.get_by_role("heading", name=title, exact=True))
        self.title = title

    def drawn(self) -> ChartOnPage:
        """Scroll to the chart, and wait until it is drawn."""
        self.figure.scroll_into_view_if_needed()
        self.page.wait_for_function(f"() => {{ const chart = {self._script}; return chart?.plot?.status === 1 && chart.isDrawn }}")
        self.box.scroll_into_view_if_needed()
        return self

    def get(self, expression: str) -> Any:
        """The value of an expression of JavaScript in which `chart` is the chart."""
        return self.page.evaluate(f"() => {{ const chart = {self._script}; return {expression} }}")

    @property
    def _script(self) -> str:
        return CHART.format(title=self.title)

    @property
    def box(self) -> Locator:
        """The element that has the focus for keys."""
        return self.figure.locator(".trend-canvas")

    @property
    def points(self) -> int:
        """Number of points that were drawn the last time."""
        return int(self.get("chart.counts.points"))

    @property
    def view(self) -> dict[str, list[float]]:
        """The ranges that are shown: of x and y."""
        view: dict[str, list[float]] = self.get("({x: [...chart.view.x], y: [...chart.view.y]})")
        return view

    def place(self, x: float, y: float) -> tuple[float, float]:
        """Where values are in the window, in CSS pixels."""
        at = self.get(
            f"(() => {{ const {{left, top}} = chart.plot.over.getBoundingClientRect();"
            f" return [left + chart.plot.valToPos({x}, 'x'), top + chart.plot.valToPos({y}, 'y')] }})()"
        )
        return at[0], at[1]

    def pixel(self, x: float, y: float) -> tuple[int, ...]:
        """Red, green, blue and opacity at values."""
        return self._pixels(x, y, 0)[0]

    def _pixels(self, x: float, y: float, around: int) -> list[tuple[int, ...]]:
        size = 2 * around + 1
        data = self.get(
            "(() => { const { plot } = chart; const [left, top] ="
            f" [plot.valToPos({x}, 'x', true), plot.valToPos({y}, 'y', true)].map(place => Math.round(place) - {around});"
            f" const copy = new OffscreenCanvas({size}, {size}).getContext('2d', {{ willReadFrequently: true }});"
            f" copy.drawImage(plot.ctx.canvas, -left, -top); return [...copy.getImageData(0, 0, {size}, {size}).data] }})()"
        )
        return [tuple(data[first : first + 4]) for first in range(0, len(data), 4)]

    def colour(self, number: int) -> tuple[int, ...]:
        """Colour of a line in the theme of the page."""
        text = str(self.get(f"chart.colours.series[{number}]"))
        return tuple(int(part) for part in text.strip("rgb()").split(","))

    def shows(self, x: float, y: float, number: int = 0, around: int = 0) -> bool:
        """Whether a pixel has the colour of a line, but for the rounding of colours that are mixed.

        around: how many pixels from there one may be instead: small points lie on whole pixels.
        """
        colour = self.colour(number)
        pixels = self._pixels(x, y, around)
        return any(all(abs(one - other) <= 4 for one, other in zip(pixel[:3], colour, strict=True)) for pixel in pixels)

    def drag(self, first: tuple[float, float], last: tuple[float, float]) -> None:
        """Choose a range with the mouse, from values to values."""
        mouse = self.page.mouse
        mouse.move(*self.place(*first))
        mouse.down()
        mouse.move(*self.place(*last), steps=5)
        mouse.up()
