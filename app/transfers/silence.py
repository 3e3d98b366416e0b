"""Processes of the transfer that are silent. Times are Unix s by the clock of the hub."""

from __future__ import annotations

import time
from typing import NamedTuple

from app.core.database import rows
from app.core.heartbeat import SILENT_S as DEAD_S
from app.core.heartbeat import Service
from app.core.settings import load
from app.transfers.models import TransferHost
from app.transfers.settings import TransfersSettings

RETIRED_S = 7 * 86400.0
"""A process that is silent for longer was taken out of service with its host."""


class SilentProcess(NamedTuple):
    """A process that is silent, since `at`."""

    host: str
    mode: str
    at: float


class HubOutage(NamedTuple):
    """The last time in which this hub could take no reports: from `began` to `ended`; 0 for none."""

    began: float
    ended: float


def last_outage(now: float) -> HubOutage:
    """The last outage of the web server of this hub, as far as its heartbeats are kept. None of them: it is not known."""
    beats = rows(Service.select(Service.started, Service.seen).where(Service.name == "web"))
    ended = min((started for started, seen in beats if seen >= now - DEAD_S), default=0.0)
    return HubOutage(max((seen for _, seen in beats if seen < ended), default=0.0), ended)


def silent_since(seen: float, silent_s: float, outage: HubOutage) -> float:
    """When a process becomes silent if it does not report again. After an outage of the hub it has the whole time again.

    Args:
        seen: Its last report.
        silent_s: Time without a report.
        outage: The last one of the hub.
    """
    at = seen + silent_s
    return outage.ended + silent_s if seen < outage.ended and at > outage.began else at


def silent_limit_s() -> float:
    """The time without a report after which a process is silent, s."""
    return load().of(TransfersSettings).transfer_silent_s


def silent_processes(silent_s: float, now: float) -> list[SilentProcess]:
    """The processes that are silent, in the order in which they became so."""
    outage = last_outage(now)
    late = rows(TransferHost.select(TransferHost.host, TransferHost.mode, TransferHost.seen).where(TransferHost.seen <= now - silent_s))
    found = [SilentProcess(host, mode, silent_since(seen, silent_s, outage)) for host, mode, seen in late]
    return sorted((each for each in found if each.at <= now), key=lambda each: (each.at, each.host, each.mode))


def serving_hosts() -> set[tuple[str, str]]:
    """The processes that report: host and mode."""
    now = time.time()
    silent = {(each.host, each.mode) for each in silent_processes(silent_limit_s(), now)}
    return {(host, mode) for host, mode in rows(TransferHost.select(TransferHost.host, TransferHost.mode))} - silent
