"""Files of clients that are missing at a filter unit. All times are by the clock of its host."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from app.transfers.kinds import LUMISECTION_S, ROOT_FILE
from app.transfers.models import TransferClient, TransferProcess


class ClientFacts(NamedTuple):
    """What is known of a client process, or of a client without one.

    Attributes:
        name: Tag; of a process that has written nothing its program and number.
        snapshot: When its newest snapshot was written; 0: none.
        first: When its process was seen first; 0: it has none.
        is_gone: It has no process any more, and has written nothing.
    """

    name: str
    snapshot: float
    first: float
    is_gone: bool = False


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
        latest[client.name] = client._replace(snapshot=max(known.snapshot, client.snapshot), first=max(known.first, client.first))
    earliest, time = now - lumis * LUMISECTION_S, f"more than {lumis:g} lumisections"
    late = [client for client in latest.values() if max(client.snapshot, client.first) < earliest]
    return {each.name: _words(each, time) for each in late}


def _words(client: ClientFacts, time: str) -> str:
    if client.is_gone:
        return "it has no process any more, and has written nothing"
    return f"no new snapshot for {time}" if client.snapshot else f"no snapshot yet, {time} after its start"


def clients_of_run(run: int, host: str, processes: Sequence[Any], waiting: Iterable[Mapping[str, Any]] = ()) -> list[ClientFacts]:
    """The clients of a run at a filter unit without a ROOT file.

    Args:
        run: The run.
        host: The filter unit.
        processes: Rows of TransferProcess that run.
        waiting: The files of the run that wait there.
    """
    rows = list(TransferClient.select().where(TransferClient.run == run, TransferClient.host == host))
    ended = {row.client for row in rows if row.root_name}
    sent = [ClientFacts(row.client, row.snapshot_written, 0.0) for row in rows if row.snapshots]
    wait = [ClientFacts(each["client"], each["written"], 0.0) for each in waiting]
    ended |= {each["client"] for each in waiting if each["file"] == ROOT_FILE}
    running = [ClientFacts(process_name(each.client, each.program, each.pid), each.snapshot, each.first) for each in processes]
    programs = {each.program for each in processes}
    gone = [
        ClientFacts(process_name("", each.program, each.pid), 0.0, each.first, is_gone=True)
        for each in silent_programs(run, host)
        if each.program not in programs
    ]
    return [client for client in [*sent, *wait, *running, *gone] if client.name not in ended]


def silent_programs(run: int, host: str) -> list[TransferProcess]:
    """The last process of each program of a run at a filter unit that has written nothing by any of its processes."""
    is_here = TransferProcess.run == run, TransferProcess.host == host
    processes = list(TransferProcess.select().where(*is_here).order_by(TransferProcess.first))
    wrote = {process.program for process in processes if process.client}
    return list({process.program: process for process in processes if process.program not in wrote}.values())


def _why_missing(row: TransferClient) -> str:
    if not row.root_name:
        return "it has snapshots, but no ROOT file"
    return f"its ROOT file was not sent: {row.error}" if row.error_of == ROOT_FILE else "its ROOT file was not sent"


def process_name(client: str, program: str, pid: int) -> str:
    """The name of a client process: its tag, if it has written something."""
    return client or f"{program or 'process'} ({pid})"


def missing_root_files(run: int, host: str) -> dict[str, str]:
    """The clients of a run that is over without a ROOT file: what is wrong, by client.

    These are clients with snapshots, and programs that have written nothing by any of their processes.
    """
    is_missing = TransferClient.run == run, TransferClient.host == host, TransferClient.snapshots > 0, TransferClient.root_sent == 0
    found = {row.client: _why_missing(row) for row in TransferClient.select().where(*is_missing)}
    return found | {process_name("", each.program, each.pid): "it has written nothing" for each in silent_programs(run, host)}
