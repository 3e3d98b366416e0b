"""State of the polling: lines and tables of the status page, and metrics."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from peewee import fn

from app.core.area import State, StatusLine
from app.core.database import rows
from app.core.metrics import gauge
from app.core.settings import Settings
from app.square.models import DeadLetter, Host
from app.square.poller.cluster import certificate_days, is_tested
from app.square.poller.retention import daily_growth
from app.square.runs import SILENT_S
from app.square.settings import SquareSettings
from app.square.upstream import behind_cmsweb

if TYPE_CHECKING:
    from prometheus_client import Metric

CERTIFICATE_WARN_DAYS = 30.0

EXCERPT_BYTES = 200
"""Bytes of a rejected document on the status page."""

MAX_REJECTED, MAX_DAYS = 10, 7
"""Lines of the tables of the status page."""


class RejectedLine(NamedTuple):
    """A document that could not be stored, as a line of the status page."""

    system: str
    host: str
    key: str  # "" for a whole response
    reason: str
    times: int  # how often it failed
    text: str  # the beginning of the received text


class DayLine(NamedTuple):
    """New documents of one day, as a line of the status page."""

    day: str  # UTC, as 2026-10-25
    documents: int
    bytes: int  # in the database


def latest_rejected(most: int) -> list[RejectedLine]:
    """Rejected documents, latest first."""
    return [
        RejectedLine(row.system, row.host, row.key, row.why, row.times, bytes(row.body or b"")[:EXCERPT_BYTES].decode(errors="replace"))
        for row in DeadLetter.select().order_by(DeadLetter.last.desc()).limit(most)
    ]


def documents_per_day(most: int) -> list[DayLine]:
    """New documents on the last days."""
    found: dict[str, DayLine] = {}
    for growth in daily_growth(most):
        before = found.get(growth.day, DayLine(growth.day, 0, 0))
        found[growth.day] = DayLine(growth.day, before.documents + growth.documents, before.bytes + growth.bytes)
    return list(found.values())


def status_tables() -> Mapping[str, Any]:
    """Values of the template status_tables.html."""
    return {"rejected": latest_rejected(MAX_REJECTED), "days": documents_per_day(MAX_DAYS)}


def status_lines(settings: Settings) -> Iterator[StatusLine]:
    """One line for each system that is polled, and one for the certificate."""
    square = settings.of(SquareSettings)
    for system, machines in square.square_machines.items():
        yield _system_line(system, len(machines), list(Host.select().where(Host.system == system).order_by(Host.name)))
    if square.square_certificate:
        yield _certificate_line(settings)
    if behind_cmsweb(settings) and not square.square_cookie:
        problem = "The setting square_cookie is empty: behind CMSWEB the statuses of hosts and all commands need it"
        yield StatusLine("cookie for CMSWEB", "warn", "not set", detail=problem)


def _system_line(system: str, count: int, hosts: list[Host]) -> StatusLine:
    now = time.time()
    silent = [host for host in hosts if host.last_ok is None or now - host.last_ok > SILENT_S]
    details = [f"{host.name}: {host.error}" for host in silent if host.error]
    details += [f"{host.name} runs {host.software}, which is not a tested version" for host in hosts if not is_tested(host.software)]
    responding = len(hosts) - len(silent)
    state: State = "down" if not responding else "warn" if details or responding < count else "ok"
    age_s = max((now - host.last_ok for host in hosts if host.last_ok), default=None)
    return StatusLine(f"DQM^2 {system}", state, _system_text(system, count, responding, hosts), age_s, "; ".join(details))


def _system_text(system: str, count: int, responding: int, hosts: list[Host]) -> str:
    text = f"{responding} of {count} hosts respond"
    if behind := sum(host.behind for host in hosts):
        text += f", {behind} documents to be fetched"
    if rejected := DeadLetter.select().where(DeadLetter.system == system).count():
        text += f", {rejected} rejected"
    return text


def _certificate_line(settings: Settings) -> StatusLine:
    name, path = "certificate for CMSWEB", settings.of(SquareSettings).square_certificate
    try:
        days = certificate_days(settings) or 0.0
    except (OSError, ValueError) as error:
        return StatusLine(name, "down", "cannot be read", detail=f"{path}: {error}")
    state: State = "ok" if days > CERTIFICATE_WARN_DAYS else "warn" if days > 0 else "down"
    text = f"expires in {days:.0f} days" if days > 0 else f"expired {-days:.0f} days ago"
    return StatusLine(name, state, text, detail=path)


def metrics(settings: Settings) -> Iterator[Metric]:
    """Polling of each host, rejected documents, growth, and the certificate."""
    yield from _host_metrics()
    rejected = rows(DeadLetter.select(DeadLetter.system, fn.COUNT(DeadLetter.id)).group_by(DeadLetter.system))
    yield gauge("dqmhub_square_dead_letters", "Documents that could not be stored", [({"system": one}, count) for one, count in rejected])
    today = [({"system": each.system, "type": each.type}, each) for each in daily_growth(1)]
    yield gauge("dqmhub_square_documents_today", "Documents stored today (UTC)", [(one, each.documents) for one, each in today])
    yield gauge("dqmhub_square_bytes_today", "Space of the documents stored today (UTC)", [(one, each.bytes) for one, each in today])
    try:
        days = certificate_days(settings)
    except (OSError, ValueError):
        days = -1.0  # an unreadable certificate is as useless as an expired one
    yield gauge("dqmhub_square_certificate_days", "Days until the certificate for CMSWEB expires", [] if days is None else [({}, days)])


def _host_metrics() -> Iterator[Metric]:
    now = time.time()
    hosts = [({"system": host.system, "host": host.name}, host) for host in Host.select().order_by(Host.system, Host.name)]
    yield gauge("dqmhub_square_host_failures", "Consecutive failures", [(labels, host.failures) for labels, host in hosts])
    yield gauge("dqmhub_square_host_behind", "Documents to be fetched", [(labels, host.behind) for labels, host in hosts])
    ages = [(labels, now - host.last_ok) for labels, host in hosts if host.last_ok is not None]
    yield gauge("dqmhub_square_host_age_seconds", "Time since the last response", ages)
