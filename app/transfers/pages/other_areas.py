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

    A job is found by the number of the process, else by its configuration: the newest one. DQM^2 may have hosts with their domain.
    """
    columns = Job.host, Job.pid, Job.path, Job.system, Job.key
    found = rows(Job.select(*columns).where(Job.system.in_(list(SYSTEMS)), Job.run == run).order_by(Job.started))
    jobs: dict[tuple[str, int | str], str] = {}
    for host, pid, path, system, key in found:
        address = ViewState(system, tz).link("/square/job", key=key)
        jobs |= {(_short(host), pid): address, (_short(host), path.rpartition("/")[2]): address}
    addresses = {(client.host, client.client): _job_of(client, jobs) for client in clients}
    return {client: address for client, address in addresses.items() if address}


def _job_of(client: ClientTransfers, jobs: Mapping[tuple[str, int | str], str]) -> str:
    """The address of the job of the newest process of a client, from those by host and number or configuration; "" for none."""
    if not client.processes:
        return ""
    host, newest = _short(client.host), client.processes[0]
    return jobs.get((host, newest.pid)) or (jobs.get((host, newest.program), "") if newest.program else "")


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
