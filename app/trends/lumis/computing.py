"""The computation of a requested trend of any kind, by its background job."""

from __future__ import annotations

from app.core.settings import Settings
from app.queue.models import BackgroundJob, JobFailed
from app.trends.custom.requests import LumisRequest, RunsRequest, StripRequest, TrendRequest, read_request
from app.trends.custom.samples import choose_samples
from app.trends.custom.store import find_trend
from app.trends.custom.values import ValueReader, WantedValue, compute_values
from app.trends.errors import TrendError
from app.trends.lumis.samples import choose_lumis
from app.trends.strips.reader import StripReader


def compute_trend(job: BackgroundJob, settings: Settings) -> None:
    """Compute the values of the trend of a job that are missing. Raises `JobCancelled`, and `JobFailed` if it cannot be computed."""
    trend = find_trend(job.key)
    if trend is None:
        raise JobFailed("The requested trend was removed")
    try:
        request = read_request(trend.kind, trend.request)
        wanted, note = wanted_values(request, settings)
    except TrendError as error:
        raise JobFailed(str(error)) from error
    reader = StripReader if isinstance(request, StripRequest) else ValueReader
    compute_values(job, trend, reader(request, settings), wanted, note)


def wanted_values(request: TrendRequest, settings: Settings) -> tuple[list[WantedValue], str]:
    """The values of a request in the order of their computation, and what was left out.

    Raises InvalidQuery if a part of the request cannot be used any more, such as a golden JSON that was removed.
    """
    if isinstance(request, LumisRequest):
        chosen = choose_lumis(request, settings)
        before = chosen.before if request.differences else {}
        return [WantedValue(key, before.get(key)) for key in chosen.samples], chosen.note
    assert isinstance(request, RunsRequest)
    samples, note = choose_samples(request, settings)
    return [WantedValue(key) for key in samples], note
