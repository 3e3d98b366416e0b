"""Links from the pages of transfers to single things of other areas: the job of a client process, the plot of an ME."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from app.core.database import rows
from app.gui.files.entries import ONLINE_DATASET
from app.gui.samples import SampleKey, of_run
from app.gui.view import View
from app.square.models import Job
from app.square.systems import SYSTEMS
from app.square.view_state import ViewState
from app.transfers.clients import ClientTransfers


class SharedElement(NamedTuple):
    """An ME of several clients."""

    name: str
    clients: list[str]  # the last one has the newest snapshot
    address: str  # of its plot; "" if the hub has no plots of the run


def job_addresses(run: int, clients: Iterable[ClientTransfers], tz: str) -> dict[tuple[str, str], str]:
    """The pages in DQM^2 of the newest processes of clients, by host and client; only of those that it knows.

    DQM^2 may have the names of hosts with their domain.
    """
    columns = Job.host, Job.pid, Job.system, Job.key
    found = rows(Job.select(*columns).where(Job.system.in_(list(SYSTEMS)), Job.run == run))
    jobs = {(_short(host), pid): ViewState(system, tz).link("/square/job", key=key) for host, pid, system, key in found}
    newest = ((client, client.processes[0].pid) for client in clients if client.processes)
    return {(client.host, client.client): jobs[_short(client.host), pid] for client, pid in newest if (_short(client.host), pid) in jobs}


def shared_elements(run: int, examples: Iterable[Any], tz: str) -> list[SharedElement]:
    """The examples of a concatenation, with links to their plots."""
    key = SampleKey(run, 0, ONLINE_DATASET)
    has_plots = key in of_run(run)
    return [_shared(each, View(key, tz=tz) if has_plots else None) for each in examples]


def _shared(example: Any, view: View | None) -> SharedElement:
    """An example: an object with name, first and second, or a list or text that begins with the name."""
    texts = [example] if isinstance(example, str) else list(example.values() if isinstance(example, Mapping) else example)
    name, *clients = [*map(str, texts), ""][: max(len(texts), 1)]
    address = view.replace(plot=name.encode("utf-8", "surrogateescape")).address if view and name else ""
    return SharedElement(name, clients, address)


def _short(host: str) -> str:
    return host.partition(".")[0]
