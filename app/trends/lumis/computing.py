"""The computation of a requested trend of any kind, by its background job."""

from __future__ import annotations

from app.core.settings import Settings
from app.queue.models import BackgroundJob, JobFailed
from app.trends.custom.requests import LumisRequest, RunsRequest, TrendRequest, read_request
from app.trends.custom.runs import run_values
from app.trends.custom.store import find_trend
from app.trends.custom.values import WantedValue, compute_values
from app.trends.errors import TrendError
from app.trends.lumis.values import lumi_values


def compute_trend(job: BackgroundJob, settings: Settings) -> None:
    """Compute the values of the trend of a job that are missing. Raises `JobCancelled`, and `JobFailed` if it cannot be computed."""
    trend = find_trend(job.key)
    if trend is None:
        raise JobFailed("The requested trend was removed")
    try:
        wanted, note = _wanted(read_request(trend.kind, trend.request), settings)
    except TrendError as error:
        raise JobFailed(str(error)) from error
    compute_values(job, trend, wanted, note)


def _wanted(request: TrendRequest, settings: Settings) -> tuple[list[WantedValue], str]:
    if isinstance(request, LumisRequest):
        return lumi_values(request, settings)
    assert isinstance(request, RunsRequest)
    return run_values(request, settings)
