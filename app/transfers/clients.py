"""What is known of the clients of a run. Times are Unix s by the clock of the hub, 0: never; delays are s, by the clock of one host."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Sequence
from typing import Any, NamedTuple

from app.transfers.hosts import clock_skews
from app.transfers.kinds import FU, SNAPSHOT
from app.transfers.models import TransferClient, TransferHost, TransferProcess
from app.transfers.products import hub_time
from app.transfers.reports.missing import process_name

NOTHING_WAITS: dict[str, Any] = {"written": 0.0, "since": 0.0, "error": "", "attempts": 0, "file": ""}


class ClientProcess(NamedTuple):
    """A client process that was seen on a host, with its newest snapshot, which may not be sent yet."""

    pid: int
    program: str
    is_restarted: bool
    first: float
    snapshot: float


class ClientTransfers(NamedTuple):
    """What was sent of a client on a host in a run.

    Attributes:
        client: Its tag; of a process that has written nothing its program and number.
        snapshot_age_s: Since its newest snapshot was written; None: there is none.
        root_sent: 0 with a `root_name`: it was not sent yet.
        waits_since: Since when its newest file waits at the filter unit; 0: none does for long.
        waits_because: Why that file could not be sent; "" if no attempt has failed.
        attempts: Failed attempts to send its files.
        error, error_at: Of a file that could not be sent, "" for none; when the last error was.
        note: On the last file that was sent, such as that it could not be checked; "" for none.
        missing: What is missing of it, for people; "" for nothing.
        processes: Its client processes, the newest first.
    """

    host: str
    client: str
    snapshots: int
    snapshot_bytes: int
    snapshot_name: str
    snapshot_size: int
    snapshot_written: float
    snapshot_sent: float
    snapshot_age_s: float | None
    delay_s: float | None
    worst_delay_s: float | None
    root_name: str
    root_size: int
    root_written: float
    root_sent: float
    root_delay_s: float | None
    waits_since: float
    waits_because: str
    attempts: int
    error: str
    error_at: float
    note: str
    missing: str
    processes: tuple[ClientProcess, ...]


def clients(run: int, missing: dict[tuple[str, str], str]) -> list[ClientTransfers]:
    """The clients of a run: those with missing files first, then those with an error, then by host and client.

    Args:
        missing: What is missing, by host and client.
    """
    skews, now = clock_skews(), time.time()
    processes = _processes(run, skews)
    sent = {(row.host, row.client): row for row in TransferClient.select().where(TransferClient.run == run)}
    waiting = _waiting(run)
    keys = sent.keys() | processes.keys() | missing.keys() | waiting.keys()
    found = []
    for host, client in keys:
        row = sent.get((host, client)) or TransferClient(run=run, host=host, client=client)
        running = processes.get((host, client), ())
        text, file = missing.get((host, client), ""), waiting.get((host, client), NOTHING_WAITS)
        found.append(_client(row, running, text, file, skews.get(host, 0.0), now))
    return sorted(found, key=lambda each: (not each.missing, not each.error, each.host, each.client))


def _waiting(run: int) -> dict[tuple[str, str], dict[str, Any]]:
    """The file of each client of a run that waits longest at its filter unit, by host and client."""
    found: dict[tuple[str, str], dict[str, Any]] = {}
    for row in TransferHost.select().where(TransferHost.mode == FU):
        for each in row.value_of("state").get("waiting", ()):
            if each["run"] == run:
                found.setdefault((row.host, each["client"]), each)
    return found


def _client(
    row: TransferClient, processes: Sequence[ClientProcess], missing: str, waiting: dict[str, Any], skew_s: float, now: float
) -> ClientTransfers:
    written = hub_time(row.snapshot_written, skew_s)
    waits = hub_time(waiting["written"], skew_s) if waiting["file"] == SNAPSHOT else 0.0
    newest = max([written, waits, *(each.snapshot for each in processes)])
    return ClientTransfers(
        row.host,
        row.client,
        row.snapshots,
        row.snapshot_bytes,
        row.snapshot_name,
        row.snapshot_size,
        written,
        hub_time(row.snapshot_sent, skew_s),
        max(now - newest, 0.0) if newest else None,
        row.delay_s,
        row.worst_delay_s,
        row.root_name,
        row.root_size,
        hub_time(row.root_written, skew_s),
        hub_time(row.root_sent, skew_s),
        row.root_delay_s,
        hub_time(waiting["since"], skew_s),
        waiting["error"],
        row.attempts + max(row.error_attempts, waiting["attempts"]),
        waiting["error"] or row.error,
        hub_time(row.error_at, skew_s),
        row.note,
        missing,
        tuple(processes),
    )


def _processes(run: int, skews: dict[str, float]) -> dict[tuple[str, str], list[ClientProcess]]:
    found = defaultdict(list)
    for row in TransferProcess.select().where(TransferProcess.run == run).order_by(TransferProcess.first.desc(), TransferProcess.id.desc()):
        first, snapshot = (hub_time(at, skews.get(row.host, 0.0)) for at in (row.first, row.snapshot))
        name = process_name(row.client, row.program, row.pid)
        found[row.host, name].append(ClientProcess(row.pid, row.program, bool(row.restarted), first, snapshot))
    return found
