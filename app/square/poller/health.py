"""How the grabbing goes, for the status page and for metrics."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from peewee import fn

from app.core.area import StatusLine
from app.core.database import rows
from app.core.metrics import gauge
from app.core.settings import Settings
from app.square.models import DeadLetter, Host
from app.square.poller.cluster import certificate_days, tried
from app.square.poller.retention import growth
from app.square.settings import SquareSettings

if TYPE_CHECKING:
    from prometheus_client import Metric

CERTIFICATE_WARN_DAYS = 30.0
SILENT_S = 30.0
"""A machine that has not answered for so long is silent."""


EXCERPT = 200
LAST_LETTERS, LAST_DAYS = 10, 7


class Letter(NamedTuple):
    """A document that could not be stored; text: the beginning of what came of it."""

    system: str
    host: str
    key: str
    why: str
    times: int
    age_s: float
    text: str


def letters(most: int) -> list[Letter]:
    """What could not be stored, the last first."""
    now, found = time.time(), DeadLetter.select().order_by(DeadLetter.last.desc()).limit(most)
    return [
        Letter(row.system, row.host, row.key, row.why, row.times, now - row.last, bytes(row.body or b"")[:EXCERPT].decode(errors="replace"))
        for row in found
    ]


def days(most: int) -> list[tuple[str, int, int]]:
    """The last days (UTC) on which documents came for the first time, with their number and their space in the database, bytes."""
    found: dict[str, tuple[int, int]] = {}
    for each in growth(most):
        count, size = found.get(each.day, (0, 0))
        found[each.day] = count + each.documents, size + each.bytes
    return [(day, count, size) for day, (count, size) in found.items()]


def lines(settings: Settings) -> Iterator[StatusLine]:
    """One line for each system that is grabbed, and one for the certificate."""
    for system, machines in settings.of(SquareSettings).square_machines.items():
        yield _system(system, len(machines), list(Host.select().where(Host.system == system).order_by(Host.name)))
    if settings.of(SquareSettings).square_certificate:
        yield _certificate(settings)


def _system(system: str, count: int, hosts: list[Host]) -> StatusLine:
    now = time.time()
    silent = [host for host in hosts if host.last_ok is None or now - host.last_ok > SILENT_S]
    text = f"{len(hosts) - len(silent)} of {count} machines answer"
    if behind := sum(host.behind for host in hosts):
        text += f", {behind} documents are still to come"
    if letters := DeadLetter.select().where(DeadLetter.system == system).count():
        text += f", {letters} could not be stored"
    said = [f"{host.name}: {host.error}" for host in silent if host.error]
    said += [f"{host.name} runs {host.software}, which was never tried" for host in hosts if not tried(host.software)]
    bad = len(silent) == len(hosts)
    state = "down" if bad else "warn" if said or len(hosts) - len(silent) < count else "ok"
    return StatusLine(
        f"DQM^2 {system}", state, text, max((now - host.last_ok for host in hosts if host.last_ok), default=None), "; ".join(said)
    )


def _certificate(settings: Settings) -> StatusLine:
    try:
        days = certificate_days(settings) or 0.0
    except (OSError, ValueError) as error:
        return StatusLine(
            "certificate for CMSWEB", "down", "cannot be read", detail=f"{settings.of(SquareSettings).square_certificate}: {error}"
        )
    state = "ok" if days > CERTIFICATE_WARN_DAYS else "warn" if days > 0 else "down"
    text = f"expires in {days:.0f} days" if days > 0 else f"expired {-days:.0f} days ago"
    return StatusLine("certificate for CMSWEB", state, text, detail=settings.of(SquareSettings).square_certificate)


def metrics(settings: Settings) -> Iterator[Metric]:
    """How the polling of each host goes, documents that could not be stored, growth, and the certificate."""
    now, hosts = time.time(), list(Host.select().order_by(Host.system, Host.name))
    labels = [{"system": host.system, "host": host.name} for host in hosts]
    yield gauge("dqmhub_square_host_failures", "Failures in a row", [(one, host.failures) for one, host in zip(labels, hosts, strict=True)])
    yield gauge(
        "dqmhub_square_host_behind", "Documents to be fetched", [(one, host.behind) for one, host in zip(labels, hosts, strict=True)]
    )
    ages = [(one, now - host.last_ok) for one, host in zip(labels, hosts, strict=True) if host.last_ok is not None]
    yield gauge("dqmhub_square_host_age_seconds", "Time since the last answer", ages)
    letters = rows(DeadLetter.select(DeadLetter.system, fn.COUNT(DeadLetter.id)).group_by(DeadLetter.system))
    yield gauge(
        "dqmhub_square_dead_letters", "Documents that could not be stored", [({"system": system}, count) for system, count in letters]
    )
    today = [({"system": each.system, "type": each.type}, each) for each in growth(1)]
    yield gauge("dqmhub_square_documents_today", "Documents stored today (UTC)", [(one, each.documents) for one, each in today])
    yield gauge("dqmhub_square_bytes_today", "Space of the documents stored today (UTC)", [(one, each.bytes) for one, each in today])
    try:
        days = certificate_days(settings)
    except (OSError, ValueError):
        days = -1.0  # as good as expired
    if days is not None:
        yield gauge("dqmhub_square_certificate_days", "Days until the certificate for CMSWEB expires", [({}, days)])


def problems() -> Mapping[str, Any]:
    """Documents that could not be stored, and what was stored each day, for the status page."""
    return {"letters": letters(LAST_LETTERS), "days": days(LAST_DAYS)}
