"""How the grabbing goes, for the status page and for metrics."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import NamedTuple

from peewee import fn

from app.core.database import rows
from app.core.settings import Settings
from app.square.models import DeadLetter, Host
from app.square.poller.cluster import certificate_days, tried
from app.square.poller.retention import growth
from app.square.settings import SquareSettings

CERTIFICATE_WARN_DAYS = 30.0
SILENT_S = 30.0
"""A machine that has not answered for so long is silent."""


EXCERPT = 200


class Line(NamedTuple):
    """One line of the status page; state: ok, warn, down or idle; age_s: since the oldest last answer."""

    name: str
    state: str
    text: str
    age_s: float | None = None
    detail: str = ""


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


def lines(settings: Settings) -> Iterator[Line]:
    """One line for each system that is grabbed, and one for the certificate."""
    for system, machines in settings.of(SquareSettings).square_machines.items():
        yield _system(system, len(machines), list(Host.select().where(Host.system == system).order_by(Host.name)))
    if settings.of(SquareSettings).square_certificate:
        yield _certificate(settings)


def _system(system: str, count: int, hosts: list[Host]) -> Line:
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
    return Line(f"DQM^2 {system}", state, text, max((now - host.last_ok for host in hosts if host.last_ok), default=None), "; ".join(said))


def _certificate(settings: Settings) -> Line:
    try:
        days = certificate_days(settings) or 0.0
    except (OSError, ValueError) as error:
        return Line("certificate for CMSWEB", "down", "cannot be read", detail=f"{settings.of(SquareSettings).square_certificate}: {error}")
    state = "ok" if days > CERTIFICATE_WARN_DAYS else "warn" if days > 0 else "down"
    text = f"expires in {days:.0f} days" if days > 0 else f"expired {-days:.0f} days ago"
    return Line("certificate for CMSWEB", state, text, detail=settings.of(SquareSettings).square_certificate)


def metrics(settings: Settings) -> Iterator[str]:
    """Gauges, as lines for Prometheus."""
    now = time.time()
    for host in Host.select().order_by(Host.system, Host.name):
        labels = f'{{system="{host.system}",host="{host.name}"}}'
        yield f"dqmhub_square_host_failures{labels} {host.failures}"
        yield f"dqmhub_square_host_behind{labels} {host.behind}"
        if host.last_ok is not None:
            yield f"dqmhub_square_host_age_seconds{labels} {now - host.last_ok:.3f}"
    for system, count in rows(DeadLetter.select(DeadLetter.system, fn.COUNT(DeadLetter.id)).group_by(DeadLetter.system)):
        yield f'dqmhub_square_dead_letters{{system="{system}"}} {count}'
    for each in growth(1):
        kind = each.type.replace("\\", r"\\").replace('"', r"\"").replace("\n", r"\n")  # a document may say anything of itself
        labels = f'{{system="{each.system}",type="{kind}"}}'
        yield f"dqmhub_square_documents_today{labels} {each.documents}"
        yield f"dqmhub_square_bytes_today{labels} {each.bytes}"
    try:
        days = certificate_days(settings)
    except (OSError, ValueError):
        days = -1.0  # as good as expired
    if days is not None:
        yield f"dqmhub_square_certificate_days {days:.2f}"
