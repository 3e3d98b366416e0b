"""What is known of the clients of a run. Times are Unix s by the clock of the hub, 0: never; delays are s, by the clock of one host."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Sequence
from typing import NamedTuple

from app.transfers.hosts import clock_skews
from app.transfers.models import TransferClient, TransferProcess
from app.transfers.products import hub_time
from app.transfers.reports.missing import process_name


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
    keys = sent.keys() | processes.keys() | missing.keys()
    found = []
    for host, client in keys:
        row = sent.get((host, client)) or TransferClient(run=run, host=host, client=client)
        running = processes.get((host, client), ())
        found.append(_client(row, running, missing.get((host, client), ""), skews.get(host, 0.0), now))
    return sorted(found, key=lambda each: (not each.missing, not each.error, each.host, each.client))


def _client(row: TransferClient, processes: Sequence[ClientProcess], missing: str, skew_s: float, now: float) -> ClientTransfers:
    written = hub_time(row.snapshot_written, skew_s)
    newest = max([written, *(each.snapshot for each in processes)])
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
        row.attempts + row.error_attempts,
        row.error,
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
