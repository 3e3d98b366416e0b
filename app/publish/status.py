"""State of publishing, for the status page, metrics, and the operators' page."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import TYPE_CHECKING, NamedTuple

from peewee import fn

from app.core.area import State, StatusLine
from app.core.database import rows
from app.core.metrics import gauge
from app.core.settings import Settings
from app.publish.models import MirrorState, PublishedItem, RevisionSeries
from app.publish.revisions import EXISTS, newest_series
from app.publish.settings import PublishSettings

if TYPE_CHECKING:
    from prometheus_client import Metric

LATE_S = 60.0
"""Lag from which a mirror needs attention."""


class MirrorStatus(NamedTuple):
    """A mirror, or the folder."""

    address: str
    state: State  # ok, warn or down
    revision: int  # in the series in use; 0: none
    lag_s: float | None  # time between that revision and the newest, s; None: it has no revision of the series
    age_s: float | None  # since its last successful response
    sent: int  # total bytes
    failures: int  # since the last success
    error: str
    error_at: float | None  # Unix s UTC


def mirrors(settings: Settings) -> list[MirrorStatus]:
    """The mirrors of the settings and the folder, in the order of the settings."""
    series, known = newest_series(), {row.address: row for row in MirrorState.select()}
    ours = settings.of(PublishSettings)
    addresses = [*ours.publish_mirrors, *([ours.publish_folder] if ours.publish_folder else [])]
    return [_status(known.get(address) or MirrorState(address=address), series) for address in addresses]


def _status(row: MirrorState, series: RevisionSeries | None) -> MirrorStatus:
    has_series = series is not None and row.series == series.name
    lag = max(series.at - row.at, 0.0) if series and has_series else None
    late = lag is None or lag > LATE_S
    state: State = "down" if row.failures and late else "warn" if row.failures or late else "ok"
    age = None if row.last_ok is None else time.time() - row.last_ok
    revision = row.revision if has_series else 0
    return MirrorStatus(row.address, state, revision, lag, age, row.sent, row.failures, row.error, row.last_error)


def lines(settings: Settings) -> Iterator[StatusLine]:
    """A line of the status page for each mirror."""
    for mirror in mirrors(settings):
        text = "empty"
        if mirror.lag_s is not None:
            text = f"revision {mirror.revision}, " + (f"{mirror.lag_s:.0f} s behind" if mirror.lag_s else "up to date")
        yield StatusLine(f"mirror {mirror.address}", mirror.state, text, mirror.age_s, mirror.error if mirror.failures else "")


def metrics(settings: Settings) -> Iterator[Metric]:
    """The newest revision, and the progress of each mirror."""
    if series := newest_series():
        yield gauge("dqmhub_publish_revision", "Newest revision", [({}, series.revision)])
        yield gauge("dqmhub_publish_age_seconds", "Age of the newest revision", [({}, time.time() - series.at)])
    found = [({"mirror": mirror.address}, mirror) for mirror in mirrors(settings)]
    yield gauge("dqmhub_publish_mirror_failures", "Failures in a row", [(labels, mirror.failures) for labels, mirror in found])
    yield gauge("dqmhub_publish_mirror_sent_bytes", "Bytes sent", [(labels, mirror.sent) for labels, mirror in found])
    lags = [(labels, mirror.lag_s) for labels, mirror in found if mirror.lag_s is not None]
    yield gauge("dqmhub_publish_mirror_lag_seconds", "Age difference between the data of the mirror and the newest published data", lags)


def items_by_kind() -> list[tuple[str, int, int]]:
    """Kind, number and bytes of the published items."""
    query = PublishedItem.select(PublishedItem.kind, fn.COUNT(PublishedItem.id), fn.SUM(PublishedItem.size)).where(EXISTS)
    found = rows(query.group_by(PublishedItem.kind).order_by(PublishedItem.kind))
    return [(kind, int(count), int(size)) for kind, count, size in found]
