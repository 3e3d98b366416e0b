"""What the page of a strip chart shows: its runs with their values, and the state of the computation."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import NamedTuple

from app.core.database import rows
from app.gui.models import Dataset, File, Sample
from app.gui.samples import SampleKey
from app.gui.view import View
from app.trends.custom.models import RequestedTrend
from app.trends.custom.quantities import STATUS
from app.trends.custom.requests import StripRequest
from app.trends.custom.shown import ShownTrend, request_of, shown_trend
from app.trends.custom.store import StoredValue
from app.trends.custom.values import tag_of
from app.trends.strips.chart import StripChart, StripPoint, strip_chart, value_text
from app.web import etag_of


class ShownStrip(NamedTuple):
    """A strip chart."""

    request: StripRequest
    trend: ShownTrend | None  # None: nobody has opened the chart yet
    points: list[StripPoint]  # of all runs, in their order
    chart: StripChart | None
    missing: int  # runs whose value is not computed, or of another version of their file
    unread: int  # runs whose file could not be read

    @property
    def is_open(self) -> bool:
        """Whether values are being computed, or will be."""
        return self.trend is not None and self.trend.is_open

    @property
    def is_status(self) -> bool:
        """Whether the values are quality statuses."""
        return self.request.metric == STATUS

    @property
    def version(self) -> str:
        """Changes whenever the chart changes."""
        return etag_of(self.trend and self.trend.version, [point[:3] for point in self.points], self.missing)[:16]


def shown_strip(request: StripRequest, runs: Sequence[int], trend: RequestedTrend | None, view: View) -> ShownStrip:
    """The strip chart of some runs, the newest first.

    Args:
        trend: With the values so far.
        view: Of the page on which the chart is; points lead to the same view of their runs.
    """
    shown = shown_trend(trend) if trend else None
    stored = {key.run: value for key, value in shown.points.items()} if shown else {}
    points = [_point(run, stored.get(run), request.metric == STATUS, view) for run in sorted(runs)]
    chart = strip_chart(points, view.key.run, request.metric == STATUS)
    unread = sum(run in stored and not stored[run].file for run in runs)
    return ShownStrip(request, shown, points, chart, len(_missing(request.dataset, runs, stored)), unread)


def _point(run: int, value: StoredValue | None, is_status: bool, view: View) -> StripPoint:
    address = view.replace(key=SampleKey(run, 0, view.key.dataset)).address
    if value is None:
        return StripPoint(run, None, "", "", address)
    return StripPoint(run, value.value, value.reason, value_text(value.value, is_status), address)


def _missing(dataset: str, runs: Collection[int], stored: dict[int, StoredValue]) -> list[int]:
    """The runs without a value, or with that of another version of their file. One that could not be read is tried on request."""
    tags = _file_tags(dataset, [run for run in runs if run in stored and stored[run].file])
    return [run for run in runs if run not in stored or stored[run].file != tags.get(run, stored[run].file)]


def _file_tags(dataset: str, runs: Collection[int]) -> dict[int, str]:
    """The tags of the files of runs whose lists are stored, see `app.trends.custom.values`."""
    query = Sample.select(Sample.run, File.url, File.size, File.mtime_ns).join(Dataset).switch(Sample).join(File, on=Sample.file == File.id)
    query = query.where(Dataset.name == dataset, Sample.lumi == 0, Sample.run.in_(list(runs)), File.size.is_null(False))
    return {run: tag_of([f"{url}\0{size}\0{mtime_ns}"]) for run, url, size, mtime_ns in rows(query)}


def stored_files(trend: RequestedTrend | None) -> int:
    """How many runs a strip chart has values of, or will have."""
    request = request_of(trend) if trend else None
    return request.files if isinstance(request, StripRequest) else 0
