"""Files of clients that are missing at a filter unit. All times are by the clock of its host."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple

from app.transfers.kinds import LUMISECTION_S
from app.transfers.models import TransferClient, TransferProcess


class ClientFacts(NamedTuple):
    """What is known of a client process, or of a client without one.

    Attributes:
        name: Tag; of a process that has written nothing its program and number.
        snapshot: When its newest snapshot was written; 0: none.
        first: When its process was seen first; 0: it has none.
    """

    name: str
    snapshot: float
    first: float


def missing_snapshots(clients: Iterable[ClientFacts], now: float, lumis: float) -> dict[str, str]:
    """The clients of an ongoing run without a new snapshot for too long: what is wrong, by name.

    A process that has just been started again has the same time for its first snapshot as any other.

    Args:
        clients: Those of the run at one filter unit.
        now: Unix s by its clock.
        lumis: Lumisections that a client may take for a snapshot.
    """
    latest: dict[str, ClientFacts] = {}
    for client in clients:
        known = latest.get(client.name, client)
        latest[client.name] = ClientFacts(client.name, max(known.snapshot, client.snapshot), max(known.first, client.first))
    earliest, time = now - lumis * LUMISECTION_S, f"more than {lumis:g} lumisections"
    late = [client for client in latest.values() if max(client.snapshot, client.first) < earliest]
    return {each.name: f"no new snapshot for {time}" if each.snapshot else f"no snapshot yet, {time} after its start" for each in late}


def clients_of_run(run: int, host: str, processes: Iterable[Any]) -> list[ClientFacts]:
    """The clients of a run at a filter unit without a ROOT file. processes: rows of TransferProcess that run."""
    rows = list(TransferClient.select().where(TransferClient.run == run, TransferClient.host == host))
    ended = {row.client for row in rows if row.root_name}
    sent = [ClientFacts(row.client, row.snapshot_written, 0.0) for row in rows if row.snapshots]
    running = [ClientFacts(process_name(each.client, each.program, each.pid), each.snapshot, each.first) for each in processes]
    return [client for client in [*sent, *running] if client.name not in ended]


def process_name(client: str, program: str, pid: int) -> str:
    """The name of a client process: its tag, if it has written something."""
    return client or f"{program or 'process'} ({pid})"


def missing_root_files(run: int, host: str) -> dict[str, str]:
    """The clients of a run that is over without a ROOT file: what is wrong, by client.

    These are clients with snapshots, and programs none of whose processes has written anything.
    """
    is_missing = TransferClient.run == run, TransferClient.host == host, TransferClient.snapshots > 0, TransferClient.root_sent == 0
    reason = "its ROOT file was not sent", "it has snapshots, but no ROOT file"
    found = {row.client: reason[0] if row.root_name else reason[1] for row in TransferClient.select().where(*is_missing)}
    processes = list(
        TransferProcess.select().where(TransferProcess.run == run, TransferProcess.host == host).order_by(TransferProcess.first)
    )
    wrote = {process.program for process in processes if process.client}
    silent = {process.program: process for process in processes if process.program not in wrote}  # the last one of each
    return found | {process_name(each.client, each.program, each.pid): "it has written nothing" for each in silent.values()}
