"""How publishing goes: for the status page, for metrics, and for the operators' page."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import TYPE_CHECKING, NamedTuple

from peewee import fn

from app.core.area import StatusLine
from app.core.database import rows
from app.core.metrics import gauge
from app.core.settings import Settings
from app.publish.models import Mirror, Published, Series
from app.publish.redaction_counts import Cleaned
from app.publish.settings import PublishSettings

if TYPE_CHECKING:
    from prometheus_client import Metric

LATE_S = 60.0
"""A mirror that is so far behind needs a look."""


class Receiver(NamedTuple):
    """A mirror, or the folder. state: ok, warn or down; have: its edition of the series of now; lag_s: how much older what it has is
    than what is published, None when it never had any of this series; age_s: since its last answer; error: why it does not get on, if it does not."""

    address: str
    state: str
    have: int
    lag_s: float | None
    age_s: float | None
    sent: int
    failures: int
    error: str
    error_at: float | None


def receivers(settings: Settings) -> list[Receiver]:
    """Those that the settings name, in their order."""
    series, known = newest(), {row.address: row for row in Mirror.select()}
    addresses = [
        *settings.of(PublishSettings).publish_mirrors,
        *([settings.of(PublishSettings).publish_folder] if settings.of(PublishSettings).publish_folder else []),
    ]
    return [_receiver(known.get(address) or Mirror(address=address), series) for address in addresses]


def newest() -> Series | None:
    """The series of now, if anything was published."""
    found: Series | None = Series.select().order_by(Series.id.desc()).first()
    return found


def _receiver(row: Mirror, series: Series | None) -> Receiver:
    ours = series is not None and row.series == series.name
    lag = max(series.at - row.at, 0.0) if series and ours else None
    state = "down" if row.failures and (lag is None or lag > LATE_S) else "warn" if row.failures or lag is None or lag > LATE_S else "ok"
    age = None if row.last_ok is None else time.time() - row.last_ok
    return Receiver(row.address, state, row.have if ours else 0, lag, age, row.sent, row.failures, row.error, row.last_error)


def lines(settings: Settings) -> Iterator[StatusLine]:
    """A line of the status page for each mirror: name, state, text, age of its last answer, last error."""
    for one in receivers(settings):
        text = (
            "has nothing yet"
            if one.lag_s is None
            else f"edition {one.have}" + (f", {one.lag_s:.0f} s behind" if one.lag_s else ", up to date")
        )
        yield StatusLine(f"mirror {one.address}", one.state, text, one.age_s, one.error if one.failures else "")


def metrics(settings: Settings) -> Iterator[Metric]:
    """The newest edition, and how each mirror follows."""
    if series := newest():
        yield gauge("dqmhub_outside_edition", "Newest edition", [({}, series.edition)])
        yield gauge("dqmhub_outside_age_seconds", "Age of the newest edition", [({}, time.time() - series.at)])
    found = [({"mirror": one.address}, one) for one in receivers(settings)]
    yield gauge("dqmhub_outside_mirror_failures", "Failures in a row", [(labels, one.failures) for labels, one in found])
    yield gauge("dqmhub_outside_mirror_sent_bytes", "Bytes sent", [(labels, one.sent) for labels, one in found])
    lags = [(labels, one.lag_s) for labels, one in found if one.lag_s is not None]
    yield gauge("dqmhub_outside_mirror_lag_seconds", "Age of what the mirror lacks", lags)


def published() -> list[tuple[str, int, int]]:
    """Kind, number and bytes of the items that are out."""
    query = Published.select(Published.kind, fn.COUNT(Published.id), fn.SUM(Published.size)).where(Published.body.is_null(False))
    return [(kind, int(count), int(size)) for kind, count, size in rows(query.group_by(Published.kind).order_by(Published.kind))]


def cleaned(days: int) -> tuple[list[str], dict[str, dict[str, int]]]:
    """How often what was replaced or dropped: the kinds, and their numbers by day, the newest first."""
    first = time.strftime("%Y-%m-%d", time.gmtime(time.time() - (days - 1) * 86400))
    found: dict[str, dict[str, int]] = {}
    query = Cleaned.select(Cleaned.day, Cleaned.kind, Cleaned.times).where(Cleaned.day >= first).order_by(Cleaned.day.desc(), Cleaned.kind)
    for day, kind, times in rows(query):
        found.setdefault(day, {})[kind] = int(times)
    return sorted({kind for of in found.values() for kind in of}), found
