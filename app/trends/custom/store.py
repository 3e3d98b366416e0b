"""Requested trends in the database: asking for one, its points, cancelling, and removing old ones."""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from contextlib import suppress
from typing import Any, NamedTuple

from app.core.counters import advance
from app.core.database import proxy, rows
from app.core.settings import Settings
from app.core.short_writes import short_transactions
from app.queue import store as jobs
from app.queue.models import BackgroundJob, JobStateError
from app.queue.states import OPEN
from app.trends.custom.models import FollowedSnapshot, RequestedPoint, RequestedTrend
from app.trends.custom.requests import LiveRequest, StripRequest, TrendRequest
from app.trends.errors import RequestLimit
from app.trends.settings import TrendSettings

COMPUTE = "compute-requested-trend"
"""Kind of the background job; its key is that of the requested trend."""

COUNTER = "requested trends"
SEEN_STEP_S = 60.0
"""Shortest time between two notes that somebody looked at a trend."""
FOLLOWED_S = 300.0
"""The trend of an ongoing run is followed so long after somebody has looked at its page, which polls while it is open."""
DAY_S = 86400.0


class PointKey(NamedTuple):
    """The sample of a point."""

    dataset: str
    run: int
    lumi: int  # 0: the whole run


class StoredValue(NamedTuple):
    """A value, or why there is none."""

    value: float | None
    error: float | None
    reason: str
    file: str  # see RequestedPoint


def request_trend(request: TrendRequest, user: str, settings: Settings) -> RequestedTrend:
    """The trend of a request, whose values are computed from now on; those that it has stay.

    Raises `RequestLimit` if as many others of this user are computed as are allowed.
    """
    now = time.time()
    with proxy.atomic():
        advance(COUNTER)  # others wait: a limit that two requests at once could pass is none
        limit, key = settings.of(TrendSettings).trend_requests_per_user, request.key
        if len({*open_keys(user), *followed_keys(user)} - {key}) >= limit:
            raise RequestLimit(f"{limit} of your trends are being computed, which is the limit. Wait for the end of one, or cancel it")
        values: dict[str, Any] = {"key": key, "kind": request.kind, "request": request.text, "user": user, "created": now, "seen": now}
        changed = {RequestedTrend.request: request.text, RequestedTrend.user: user, RequestedTrend.created: now, RequestedTrend.seen: now}
        RequestedTrend.insert(values).on_conflict(conflict_target=[RequestedTrend.key], update=changed).execute()
        if request.kind != LiveRequest.kind:  # which `app.trends.lumis.following` computes
            jobs.enqueue(COMPUTE, key)
    trend = find_trend(key)
    assert trend is not None
    return trend


def cancel_of(key: str, kind: str, user: str) -> None:
    """End the computation of a trend of this kind, if nobody but this user has requested it."""
    trend = find_trend(key)
    if trend and (trend.kind, trend.user) == (kind, user) and (job := job_of(trend)):
        with suppress(JobStateError):  # it has ended
            jobs.cancel(job.id)


def open_keys(user: str) -> list[str]:
    """The keys of the trends of a user that are being computed or wait for it."""
    is_open = BackgroundJob.kind == COMPUTE, BackgroundJob.state.in_(OPEN), ~BackgroundJob.cancelling
    query = RequestedTrend.select(RequestedTrend.key).join(BackgroundJob, on=(BackgroundJob.key == RequestedTrend.key))
    return [key for (key,) in rows(query.where(*is_open, RequestedTrend.user == user))]


def followed_keys(user: str) -> list[str]:
    """The keys of the trends of ongoing runs that a user asked for and that somebody looks at."""
    return [key for (key,) in rows(RequestedTrend.select(RequestedTrend.key).where(*is_followed(), RequestedTrend.user == user))]


def is_followed() -> tuple[Any, ...]:
    """The conditions on trends of ongoing runs that somebody looks at."""
    return RequestedTrend.kind == LiveRequest.kind, RequestedTrend.seen > time.time() - FOLLOWED_S


def find_trend(key: str) -> RequestedTrend | None:
    """The requested trend of this key, or None."""
    found: RequestedTrend | None = RequestedTrend.get_or_none(RequestedTrend.key == key)
    return found


def note_seen(trend: RequestedTrend) -> None:
    """Remember that somebody looks at a trend, so that it is kept."""
    now = time.time()
    if trend.seen < now - SEEN_STEP_S:
        RequestedTrend.update(seen=now).where(RequestedTrend.id == trend.id).execute()


def job_of(trend: RequestedTrend) -> BackgroundJob | None:
    """The last job of a trend."""
    return jobs.latest_job(COMPUTE, trend.key)


def latest_trends(limit: int) -> list[RequestedTrend]:
    """The trends that were requested last, without strip charts, which have a place on the page of their monitor element."""
    others = RequestedTrend.select().where(RequestedTrend.kind != StripRequest.kind)
    return list(others.order_by(RequestedTrend.created.desc(), RequestedTrend.id.desc()).limit(limit))


def points_of(trend: RequestedTrend) -> dict[PointKey, StoredValue]:
    """The points so far, by dataset, run and lumisection in ascending order."""
    point = RequestedPoint
    columns = point.dataset, point.run, point.lumi, point.value, point.error, point.reason, point.file
    query = point.select(*columns).where(point.trend == trend.id).order_by(point.dataset, point.run, point.lumi)
    return {PointKey(*row[:3]): StoredValue(*row[3:]) for row in rows(query)}


def followed_run(trend: RequestedTrend) -> int:
    """The run of the snapshot that a trend of an ongoing run has read last; 0 if it has read none."""
    snapshot = FollowedSnapshot.get_or_none(FollowedSnapshot.trend == trend.id)
    return max(0, snapshot.run) if snapshot else 0


def begin(trend: RequestedTrend, wanted: Iterable[PointKey], note: str) -> dict[PointKey, StoredValue]:
    """Store how many values a computation will make, and remove points of other samples; returns those that are there."""
    wanted = set(wanted)
    stored = points_of(trend)
    _delete_points(trend.id, sorted(stored.keys() - wanted))
    with proxy.atomic():
        changes: dict[str, Any] = {"total": len(wanted), "note": note, "version": RequestedTrend.version + 1}
        RequestedTrend.update(changes).where(RequestedTrend.id == trend.id).execute()
    return {key: value for key, value in stored.items() if key in wanted}


def store_value(trend: RequestedTrend, key: PointKey, value: StoredValue) -> None:
    """Store a point in place of the one that is there."""
    changed = [getattr(RequestedPoint, name) for name in StoredValue._fields]
    target = [RequestedPoint.trend, RequestedPoint.dataset, RequestedPoint.run, RequestedPoint.lumi]
    with proxy.atomic():
        insert = RequestedPoint.insert(trend=trend.id, **key._asdict(), **value._asdict())
        insert.on_conflict(conflict_target=target, preserve=changed).execute()
        RequestedTrend.update(version=RequestedTrend.version + 1).where(RequestedTrend.id == trend.id).execute()


def note(trend: RequestedTrend, text: str) -> None:
    """Store a sentence about the samples of a trend."""
    if trend.note != text:
        RequestedTrend.update(note=text, version=RequestedTrend.version + 1).where(RequestedTrend.id == trend.id).execute()


def _delete_points(trend: int, keys: Sequence[PointKey]) -> None:
    def delete(some: Sequence[PointKey]) -> None:
        for key in some:
            RequestedPoint.delete().where(*_is_point(trend, key)).execute()

    for _ in short_transactions(keys, delete):
        pass


def _is_point(trend: int, key: PointKey) -> list[Any]:
    point = RequestedPoint
    return [point.trend == trend, point.dataset == key.dataset, point.run == key.run, point.lumi == key.lumi]


def remove_unseen(days: float) -> int:
    """Remove trends at which nobody has looked for some days, unless they are being computed; returns their number."""
    is_open = BackgroundJob.select(BackgroundJob.key).where(BackgroundJob.kind == COMPUTE, BackgroundJob.state.in_(OPEN))
    is_old = RequestedTrend.seen < time.time() - days * DAY_S, RequestedTrend.key.not_in(is_open)
    old = list(RequestedTrend.select().where(*is_old))
    for trend in old:
        _delete_points(trend.id, list(points_of(trend)))
        with proxy.atomic():
            RequestedPoint.delete().where(RequestedPoint.trend == trend.id).execute()
            FollowedSnapshot.delete().where(FollowedSnapshot.trend == trend.id).execute()
            RequestedTrend.delete().where(RequestedTrend.id == trend.id).execute()
    return len(old)
