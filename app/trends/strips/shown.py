"""What the page of a strip chart shows: its runs with their values, and the state of the computation."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from app.gui.samples import SampleKey
from app.gui.view import View
from app.trends.custom.models import RequestedTrend
from app.trends.custom.quantities import STATUS
from app.trends.custom.requests import StripRequest
from app.trends.custom.shown import ShownTrend, request_of, shown_trend
from app.trends.custom.store import StoredValue
from app.trends.strips.chart import StripChart, StripPoint, strip_chart, value_text
from app.trends.strips.versions import old_values
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
    old = old_values(request.dataset, {run: stored[run].file for run in runs if run in stored and stored[run].file})
    points = [_point(run, stored.get(run), run in old, request.metric == STATUS, view) for run in sorted(runs)]
    chart = strip_chart(points, view.key.run, request.metric == STATUS)
    unread = sum(run in stored and not stored[run].file for run in runs)  # these are tried on request
    return ShownStrip(request, shown, points, chart, len(old) + sum(run not in stored for run in runs), unread)


def _point(run: int, value: StoredValue | None, is_old: bool, is_status: bool, view: View) -> StripPoint:
    address = view.replace(key=SampleKey(run, 0, view.key.dataset)).address
    if value is None:
        return StripPoint(run, None, "", "", address)
    reason = f"Of an earlier version of its file. {value.reason}".strip() if is_old else value.reason
    return StripPoint(run, value.value, reason, value_text(value.value, is_status), address)


def stored_files(trend: RequestedTrend | None) -> int:
    """How many runs a strip chart has values of, or will have."""
    request = request_of(trend) if trend else None
    return request.files if isinstance(request, StripRequest) else 0
