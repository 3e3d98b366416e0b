"""The concatenations, merges and deliveries of a run. All times are Unix s by the clock of the hub; 0: not yet."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any, NamedTuple

from app.transfers.errors import UnknownTransferRun
from app.transfers.hosts import clock_skews
from app.transfers.product_models import TransferConcatenation, TransferDelivery, TransferMerge


class ConcatenationFacts(NamedTuple):
    """A concatenation.

    Attributes:
        shared, examples: How many MEs several clients have, and some of them.
        inputs: Objects with host, client, size, arrived (hub), entries, replaced.
        left_out: Objects with name, reason.
    """

    number: int
    host: str
    name: str
    digest: str
    size: int
    entries: int
    began: float
    made: float
    shared: int
    examples: list[Any]
    inputs: list[dict[str, Any]]
    left_out: list[dict[str, str]]


class MergeFacts(NamedTuple):
    """A merge.

    Attributes:
        inputs: Objects with host, client, name, size.
        left_out: Objects with name, reason.
        missing: Objects with host, client, name: clients with snapshots and without a ROOT file.
        saturated, saturated_names: Histograms with bins whose sum is more than their type holds, and some of their names.
    """

    host: str
    version: int
    name: str
    size: int
    began: float
    made: float
    is_accepted: bool
    error: str
    histograms: int
    resolved: int
    inputs: list[dict[str, Any]]
    left_out: list[dict[str, str]]
    missing: list[dict[str, str]]
    saturated: int
    saturated_names: list[Any]


class DeliveryFacts(NamedTuple):
    """The newest state of a delivery. delay_s: from `made` to `registered`; None: not registered."""

    gui_machine: str
    host: str
    name: str
    what: str
    size: int
    made: float
    copied: float
    registered: float
    delay_s: float | None
    attempts: int
    error: str


def concatenations(run: int, limit: int = 200) -> list[ConcatenationFacts]:
    """The newest concatenations of a run, the newest first."""
    skews = clock_skews()
    rows = TransferConcatenation.select().where(TransferConcatenation.run == run).order_by(TransferConcatenation.id.desc())
    return [_concatenation(row, skews.get(row.host, 0.0)) for row in rows.limit(limit)]


def concatenations_named(run: int, names: Collection[str]) -> list[ConcatenationFacts]:
    """Concatenations of a run with these names, the oldest first."""
    skews, table = clock_skews(), TransferConcatenation
    query = table.select().where(table.run == run, table.name.in_(list(names))).order_by(table.id)
    return [_concatenation(row, skews.get(row.host, 0.0)) for row in query] if names else []


def concatenation(run: int, number: int) -> ConcatenationFacts:
    """A concatenation of a run by its number. Raises UnknownTransferRun."""
    table = TransferConcatenation
    row = table.get_or_none(table.run == run, table.id == number) if 0 < run < 2**31 and 0 < number < 2**63 else None
    if row:
        return _concatenation(row, clock_skews().get(row.host, 0.0))
    raise UnknownTransferRun(f"Run {run} has no concatenation {number}: those older than the newest 200 are not kept")


def _concatenation(row: TransferConcatenation, skew_s: float) -> ConcatenationFacts:
    head = row.id, row.host, row.name, row.digest, row.size, row.entries
    inputs = [each | {"arrived": hub_time(each["arrived"], skew_s)} for each in row.value_of("inputs")]
    times = hub_time(row.began, skew_s), hub_time(row.made, skew_s)
    return ConcatenationFacts(*head, *times, row.shared, row.value_of("examples"), inputs, row.value_of("left_out"))


def merges(run: int) -> list[MergeFacts]:
    """The merges of a run, the newest first."""
    skews = clock_skews()
    return [
        MergeFacts(
            row.host,
            row.number,
            row.name,
            row.size,
            hub_time(row.began, skews.get(row.host, 0.0)),
            hub_time(row.made, skews.get(row.host, 0.0)),
            bool(row.accepted),
            row.error,
            row.histograms,
            row.resolved,
            row.value_of("inputs"),
            row.value_of("left_out"),
            row.value_of("missing"),
            row.saturated,
            row.value_of("saturated_names"),
        )
        for row in TransferMerge.select().where(TransferMerge.run == run).order_by(TransferMerge.id.desc())
    ]


def deliveries(run: int) -> list[DeliveryFacts]:
    """The newest deliveries of a run, by GUI machine, the newest first."""
    skews = clock_skews()
    order = TransferDelivery.gui_machine, TransferDelivery.made.desc(), TransferDelivery.id.desc()
    return [
        _delivery(row, skews.get(row.host, 0.0)) for row in TransferDelivery.select().where(TransferDelivery.run == run).order_by(*order)
    ]


def _delivery(row: TransferDelivery, skew_s: float) -> DeliveryFacts:
    return DeliveryFacts(
        row.gui_machine,
        row.host,
        row.name,
        row.what,
        row.size,
        hub_time(row.made, skew_s),
        hub_time(row.copied, skew_s),
        hub_time(row.registered, skew_s),
        max(row.registered - row.made, 0.0) if row.registered and row.made else None,
        row.attempts,
        row.error,
    )


def hub_time(at: float, skew_s: float) -> float:
    """A time of a host by the clock of the hub; 0 stays 0."""
    return at - skew_s if at else 0.0
