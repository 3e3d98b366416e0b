"""What pages show of a requested trend: its state, its points as charts and as a table."""

from __future__ import annotations

from collections import Counter
from typing import NamedTuple

import numpy as np

from app.core.settings import Settings
from app.gui.samples import SampleKey
from app.gui.view import View
from app.queue.models import BackgroundJob
from app.queue.states import CANCELLED, DONE, FAILED, OPEN, QUEUED, RUNNING
from app.trends.custom.models import RequestedTrend
from app.trends.custom.quantities import BIN, bin_of
from app.trends.custom.requests import LiveRequest, StripRequest, TrendRequest, read_request
from app.trends.custom.store import PointKey, StoredValue, followed_run, job_of, points_of
from app.trends.pages.chart_options import ChartOptions
from app.trends.pages.charts import Chart
from app.trends.pages.points_response import points_header
from app.trends.pages.strip_link import strip_link
from app.trends.query.columns import SeriesColumn, TrendTable
from app.trends.query.facts_cache import facts_of_runs
from app.trends.query.run_columns import YES, RunColumns
from app.trends.query.series_key import Key, SeriesKey
from app.web import etag_of
from app.web.badges import Badge

FOLLOWED = "followed"
"""State of the trend of an ongoing run."""

BADGES = {
    FOLLOWED: Badge("ok", "run", "followed", "A point comes with each new snapshot of the run while this page is open"),
    QUEUED: Badge("idle", "off", "waiting", "It waits for a worker"),
    RUNNING: Badge("ok", "run", "being computed", "Points appear as they are computed, the newest run first"),
    DONE: Badge("ok", "ok", "complete", "All files were read"),
    FAILED: Badge("error", "error", "failed", "The computation ended with an error; the points so far stay"),
    CANCELLED: Badge("warning", "off", "cancelled", "The points so far stay"),
}


class PointRow(NamedTuple):
    """A line of the table."""

    key: PointKey
    value: StoredValue
    address: str  # of the plot


class ShownTrend(NamedTuple):
    """A requested trend with its points and the state of its computation."""

    trend: RequestedTrend
    request: TrendRequest
    title: str
    job: BackgroundJob | None
    points: dict[PointKey, StoredValue]
    live_run: int = 0  # of the snapshot that was read last, if the run is followed

    @property
    def is_over_lumis(self) -> bool:
        """Whether the points are of lumisections of one run."""
        return self.request.is_over_lumis

    @property
    def state(self) -> str:
        """State of the last job; "done" if it was removed. A trend of an ongoing run has none."""
        if isinstance(self.request, LiveRequest):
            return FOLLOWED
        return str(self.job.state) if self.job else DONE

    @property
    def badge(self) -> Badge:
        """The state for people."""
        return BADGES[self.state]

    @property
    def is_open(self) -> bool:
        """Whether points are being computed, or will be."""
        return self.state in (*OPEN, FOLLOWED)

    @property
    def version(self) -> str:
        """Changes whenever the page changes."""
        job = self.job
        return etag_of(self.trend.version, self.state, job and job.progress, job and job.cancelling, job and job.error)[:16]

    @property
    def values(self) -> int:
        """The number of points that have a value."""
        return sum(value.value is not None for value in self.points.values())

    @property
    def reasons(self) -> list[tuple[str, int]]:
        """Why there is no value, or a marked one, and how often; the most frequent first."""
        return Counter(value.reason for value in self.points.values() if value.reason).most_common()

    @property
    def rows(self) -> list[PointRow]:
        """The points, the newest run first; of one run the lumisections in their order."""
        order = (lambda key: (key.run, key.lumi)) if self.is_over_lumis else (lambda key: (-key.run, key.dataset))
        return [self._row(key) for key in sorted(self.points, key=order)]

    def _row(self, key: PointKey) -> PointRow:
        value, me = self.points[key], self.request.me
        if isinstance(self.request, LiveRequest):  # its sample is the newest snapshot, whose run the request may leave open
            return PointRow(key._replace(run=self.live_run or key.run), value, _plot_address(key._replace(lumi=0), me))
        return PointRow(key, value, _plot_address(key, me))


def shown_trend(trend: RequestedTrend, title: str = "") -> ShownTrend:
    """A requested trend as it is now. title: for people; "" for the metric and its monitor element."""
    request = request_of(trend)
    job = job_of(trend)  # before the points: what is done then is complete
    usual = f"{request.metric} of {request.me.rpartition('/')[2]}"
    live_run = followed_run(trend) if isinstance(request, LiveRequest) else 0
    return ShownTrend(trend, request, title or usual, job, points_of(trend), live_run)


def request_of(trend: RequestedTrend) -> TrendRequest:
    """What was asked for. Raises InvalidQuery if this version does not know it."""
    return read_request(trend.kind, trend.request)


def _plot_address(key: PointKey, me: str) -> str:
    return View(SampleKey(key.run, key.lumi, key.dataset)).of_plot(me.encode()).address


def strip_address(request: TrendRequest) -> str:
    """The address of the page of a strip chart; "" for other requests."""
    if not isinstance(request, StripRequest):
        return ""
    number = bin_of(request.metric)
    quantity = BIN if number else request.metric
    return strip_link(request.dataset, request.me, request.upto, runs=request.files, quantity=quantity, bin=number or "")


def series_key(shown: ShownTrend, dataset: str) -> SeriesKey:
    """The key of the points of a dataset in a chart."""
    _, primary, processed = dataset.split("/", 2)
    return SeriesKey("requested", shown.trend.key, primary, processed)


def is_point(shown: ShownTrend, key: PointKey, series: str, number: int) -> bool:
    """Whether a point has this key of its series and this run or lumisection in the chart."""
    return str(series_key(shown, key.dataset)) == series and (key.lumi if shown.is_over_lumis else key.run) == number


def chart_header(shown: ShownTrend, settings: Settings) -> dict[str, object]:
    """The header of the packed answer: one chart with a series for each dataset, over runs or lumisections."""
    datasets = sorted({key.dataset for key in shown.points}) or [shown.request.dataset]
    numbers = sorted({key.lumi if shown.is_over_lumis else key.run for key in shown.points})
    runs = lumi_columns(numbers) if shown.is_over_lumis else facts_of_runs(np.array(numbers, dtype=np.int32), settings)
    series = [_series(shown, dataset, numbers, len(datasets) > 1) for dataset in datasets]
    keys: list[Key] = [column.key for column in series]
    chart = Chart(shown.title, shown.request.metric, False, keys)
    return points_header([chart], TrendTable(runs, series, 0), ChartOptions())


def _series(shown: ShownTrend, dataset: str, numbers: list[int], is_one_of_many: bool) -> SeriesColumn:
    place = {number: index for index, number in enumerate(numbers)}
    values, errors = np.full(len(numbers), np.nan), np.full(len(numbers), np.nan)
    texts: dict[int, str] = {}
    for key, point in shown.points.items():
        if key.dataset != dataset:
            continue
        index = place[key.lumi if shown.is_over_lumis else key.run]
        if point.value is not None:
            values[index], errors[index] = point.value, point.error or 0.0
        if point.reason:
            texts[index] = point.reason
    title = dataset if is_one_of_many else shown.title
    return SeriesColumn(series_key(shown, dataset), title, shown.request.metric, values, errors, texts)


def lumi_columns(lumis: list[int]) -> RunColumns:
    """Lumisections in place of runs: a chart over them has neither fills nor durations, and none is marked as insignificant."""
    unknown = np.full(len(lumis), np.nan)
    names = ("fill", "start", "end", "duration", "delivered_lumi", "recorded_lumi", "end_lumi", "b_field", "energy", "l1_rate")
    return RunColumns(
        run=np.array(lumis, dtype=np.int32),
        **dict.fromkeys((*names, "hlt_physics_rate"), unknown),
        significant=np.full(len(lumis), YES, dtype=np.uint8),
        class_index=np.zeros(len(lumis), dtype=np.int32),
        classes=("",),
    )
