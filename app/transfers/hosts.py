"""What is known of the processes of the transfer, the GUI machines and the clean-up."""

from __future__ import annotations

import time
from typing import Any, NamedTuple

from peewee import fn

from app.transfers import kinds
from app.transfers.models import TransferCleanup, TransferHost
from app.transfers.reports.unsent import failing_machines
from app.transfers.silence import silent_processes


class HostTransfers(NamedTuple):
    """A process of the transfer on a host.

    Attributes:
        host, mode, release: Of the process; release is that of its software, "" if it does not know it.
        seen: Time of its last report, Unix s by the clock of the hub.
        age_s: Time since then.
        is_silent: Whether that is too long; after an outage of this hub its processes have the whole time again.
        skew_s: How far the clock of the host is ahead; 0 below 1 s.
        dropped, refused, problem: Records that were lost, records that could not be used, and why the last of them could not.
        state: As it was reported; {} if there was none that could be used. Its times are by the clock of the host.
        disks: Used fraction by place.
    """

    host: str
    mode: str
    release: str
    seen: float
    age_s: float
    is_silent: bool
    skew_s: float
    dropped: int
    refused: int
    problem: str
    state: dict[str, Any]
    disks: dict[str, float]


class GuiMachine(NamedTuple):
    """A GUI machine as a builder unit sees it.

    Attributes:
        builder: The builder unit.
        is_current: False: the builder unit is silent, and the rest is old.
        since: Since when it is reachable or not, Unix s by the clock of the hub; 0: not known.
        error: Of the last delivery; "" if it succeeded.
        is_failing: It is reachable, but has got no file for too long, for the reason in `error`.
        waiting: Files that wait to be delivered.
    """

    name: str
    builder: str
    is_current: bool
    is_reachable: bool
    since: float
    error: str
    is_failing: bool
    waiting: int


class CleanupRound(NamedTuple):
    """A round of clean-up that removed files; `at` is Unix s by the clock of the hub."""

    host: str
    at: float
    removed: int
    bytes: int
    rules: dict[str, int]
    disk: float
    examples: list[Any]


def transfers_version() -> int:
    """A number that grows when a process reports something new."""
    return int(TransferHost.select(fn.MAX(TransferHost.version)).scalar() or 0)


def hosts(silent_s: float, host: str = "") -> list[HostTransfers]:
    """The processes, by mode and host. host: only those of this one; "" for all. silent_s: age from which one is silent."""
    rows, now = TransferHost.select().where(TransferHost.host == host) if host else TransferHost.select(), time.time()
    silent = {(each.host, each.mode) for each in silent_processes(silent_s, now)}
    found = [_host(row, (row.host, row.mode) in silent, now) for row in rows]
    return sorted(found, key=lambda each: (kinds.MODES.index(each.mode), each.host))


def _host(row: TransferHost, is_silent: bool, now: float) -> HostTransfers:
    state, age_s = row.value_of("state"), max(now - row.seen, 0.0)
    disks = state.get("disks", {}) if row.mode != kinds.CLEANUP or state.get("disk") is None else {state["folder"]: state["disk"]}
    counts = row.dropped, row.refused, row.problem
    return HostTransfers(row.host, row.mode, row.release, row.seen, age_s, is_silent, row.skew_s, *counts, state, disks)


def gui_machines(silent_s: float) -> list[GuiMachine]:
    """The GUI machines, by name."""
    found = [
        GuiMachine(
            each["name"],
            host.host,
            not host.is_silent,
            each["reachable"],
            each["since"] - host.skew_s if each["since"] else 0.0,
            each["error"],
            each["name"] in failing_machines([each], host.seen + host.skew_s),
            each["waiting"],
        )
        for host in hosts(silent_s)
        for each in host.state.get("gui_machines", ())
    ]
    return sorted(found)


def cleanup_rounds(host: str = "", limit: int = 20) -> list[CleanupRound]:
    """The newest rounds of clean-up, the newest first. host: only those of this one; "" for all."""
    rows = TransferCleanup.select().order_by(TransferCleanup.id.desc()).limit(limit)
    if host:
        rows = rows.where(TransferCleanup.host == host)
    skews = clock_skews()
    return [
        CleanupRound(
            row.host,
            row.at - skews.get(row.host, 0.0),
            row.removed,
            row.bytes,
            row.value_of("rules"),
            row.disk,
            row.value_of("examples"),
        )
        for row in rows
    ]


def clock_skews() -> dict[str, float]:
    """How far the clock of each host is ahead of that of the hub, s."""
    return {row.host: row.skew_s for row in TransferHost.select(TransferHost.host, TransferHost.skew_s).order_by(TransferHost.seen)}
