"""How far the data of a run got: the age at each step from the filter units to the GUI, and what the GUI has of each client.

All times are Unix s by the clock of the hub; 0: not yet.
"""

from __future__ import annotations

import time
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from app.transfers import kinds
from app.transfers.clients import ClientTransfers
from app.transfers.products import ConcatenationFacts, DeliveryFacts, MergeFacts, concatenations_named

Client = tuple[str, str]
"""Host and client."""


class Arrival(NamedTuple):
    """What the GUI machines have of a client.

    Attributes:
        machine: The GUI machine with the oldest data of it; "" without GUI machines.
        at: When these data arrived at the builder unit; 0: this machine has none.
        is_merged: Whether its ROOT file is in the merged file at all GUI machines.
        is_late: Whether the run is ongoing, and these data are too old, or are still not there.
    """

    machine: str
    at: float
    is_merged: bool
    is_late: bool


class TransferStep(NamedTuple):
    """A step of the data of an ongoing run.

    Attributes:
        title, place: What arrived where; place is "" for several hosts.
        age_s: Age of the newest data there; None: there are none.
        is_late: Whether that is too long.
    """

    title: str
    place: str
    age_s: float | None
    is_late: bool


class GuiContents(NamedTuple):
    """What a GUI machine has of a run: for each client when its data arrived at the builder unit.

    Attributes:
        made: When the newest concatenation there was made; 0: it has none.
        snapshots: By client: arrival of the snapshot in that concatenation.
        merged: The clients whose ROOT files are in its newest merged file.
    """

    made: float
    snapshots: Mapping[Client, float]
    merged: Collection[Client]


def gui_contents(run: int, machines: Iterable[str], found: Sequence[DeliveryFacts], merges: Iterable[MergeFacts]) -> dict[str, GuiContents]:
    """What each GUI machine has of a run.

    Args:
        machines: Names of those that get its files.
        found: All deliveries of the run, the newest first.
        merges: Those of the run.
    """
    arrived = [each for each in found if is_delivered(each)]
    live = {name: _newest(arrived, name, kinds.DELIVERED_KINDS[0]) for name in sorted(machines)}
    merged = {name: _newest(arrived, name, kinds.MERGED_FILE) for name in live}
    made = {each.name: each for each in concatenations_named(run, {each.name for each in live.values() if each})}
    accepted = {each.name: each for each in merges if each.is_accepted}
    return {name: _contents(_named(made, live[name]), _named(accepted, merged[name])) for name in live}


def is_delivered(delivery: DeliveryFacts) -> bool:
    """Whether nothing is left to do: a GUI machine without a hub, and a version before the newest one, need no registration."""
    return bool(delivery.copied) and not delivery.error


def arrivals(clients: Iterable[ClientTransfers], contents: Mapping[str, GuiContents], late_since: float) -> dict[Client, Arrival]:
    """What the GUI has of each client: the age of its data where they are the oldest.

    Args:
        late_since: Data that arrived before are late, and those of a client that began before should be there; 0: none are.
    """
    return {(each.host, each.client): _arrival(each, contents, late_since) for each in clients}


def steps(
    clients: Sequence[ClientTransfers],
    newest: ConcatenationFacts | None,
    contents: Mapping[str, GuiContents],
    began: float,
    late_since: float,
) -> list[TransferStep]:
    """The newest data at each step of an ongoing run, from the clients to each GUI machine.

    Args:
        clients: Those of the run.
        newest: Its newest concatenation.
        contents: What the GUI machines have.
        began: When something was reported first of the run.
        late_since: Data from before are late.
    """
    now = time.time()
    written = [now - each.snapshot_age_s for each in clients if each.snapshot_age_s is not None]
    found = [
        ("written at the FU", "", max(written, default=0.0)),
        ("sent to the BU", "", max((each.snapshot_sent for each in clients), default=0.0)),
        ("concatenated", newest.host if newest else "", newest.made if newest else 0.0),
        *(("in the GUI", name, each.made) for name, each in sorted(contents.items())),
    ]
    return [TransferStep(title, place, max(now - at, 0.0) if at else None, (at or began) < late_since) for title, place, at in found]


def _newest(arrived: Iterable[DeliveryFacts], machine: str, what: str) -> DeliveryFacts | None:
    return next((each for each in arrived if each.gui_machine == machine and each.what == what), None)


def _named(products: Mapping[str, Any], delivery: DeliveryFacts | None) -> Any:
    return products.get(delivery.name) if delivery else None


def _contents(concatenation: ConcatenationFacts | None, merge: MergeFacts | None) -> GuiContents:
    snapshots = {(each["host"], each["client"]): each["arrived"] for each in concatenation.inputs} if concatenation else {}
    merged = {(each["host"], each["client"]) for each in merge.inputs} if merge else set()
    return GuiContents(concatenation.made if concatenation else 0.0, snapshots, merged)


def _arrival(client: ClientTransfers, contents: Mapping[str, GuiContents], late_since: float) -> Arrival:
    key = client.host, client.client
    waiting = {name: each.snapshots.get(key, 0.0) for name, each in contents.items() if key not in each.merged}
    worst = min(waiting, key=waiting.__getitem__, default="")
    at = waiting.get(worst, 0.0)
    began = min((each.first for each in client.processes), default=0.0)
    return Arrival(worst, at, bool(contents) and not waiting, bool(worst) and (at or began) < late_since)
