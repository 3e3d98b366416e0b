"""Storing one record: a function for each kind. Within a transaction on the version counter."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from app.transfers import kinds
from app.transfers.models import TransferCleanup, TransferClient
from app.transfers.product_models import TransferConcatenation, TransferDelivery, TransferMerge
from app.transfers.reports.problems import end_problem, update_problems
from app.transfers.reports.report import TransferRecord

KEPT_CONCATENATIONS, KEPT_MERGES, KEPT_DELIVERIES, KEPT_ROUNDS = 200, 50, 200, 500
"""Newest ones that are kept: of a run; deliveries of concatenations of a run to a GUI machine; rounds of clean-up of a host."""


def store_record(host: str, record: TransferRecord, now: float) -> None:
    """Store a record of a host. now: Unix s by the clock of the hub."""
    _STORE[record.kind](host, record, now)


def _store_file(host: str, record: TransferRecord, now: float) -> None:
    values = record.values
    key = {"run": record.run, "host": host, "client": values["client"]}
    client = TransferClient.get_or_none(**key) or TransferClient.create(**key)
    if values["file"] == kinds.SNAPSHOT:
        _add_snapshot(client, values)
    else:
        _add_root_file(client, values)
        if values["sent"]:
            end_problem(kinds.FILE_MISSING, host, record.run, kinds.ROOT_FILE, client.client, now)
    _note_error(client, record)
    client.save()


def _note_error(client: TransferClient, record: TransferRecord) -> None:
    """Note why a file was not sent, until one of its kind is. What a record of a sent file says is a note."""
    values = record.values
    if not values["sent"]:
        client.error, client.error_of, client.error_at = values["error"] or "not sent", values["file"], record.at
        client.error_attempts = values["attempts"]
        return
    client.attempts += max(values["attempts"] - 1, 0)
    client.note = values["error"]
    if client.error_of == values["file"] or values["file"] == kinds.ROOT_FILE:  # then no snapshot is sent any more
        client.error, client.error_of, client.error_attempts = "", "", 0


def _add_snapshot(client: TransferClient, values: dict[str, Any]) -> None:
    if not values["sent"]:
        return
    delay = _delay(values)
    client.snapshots += 1
    client.snapshot_bytes += values["size"]
    waited = max(values["sent"] - values["since"], 0.0) if values["since"] else 0.0
    client.worst_delay_s = max(delay, waited, client.worst_delay_s or 0.0)
    if values["written"] >= client.snapshot_written:  # a process that sends several at once may report them in any order
        client.snapshot_name, client.snapshot_size = values["name"], values["size"]
        client.snapshot_written, client.snapshot_sent, client.delay_s = values["written"], values["sent"], delay


def _add_root_file(client: TransferClient, values: dict[str, Any]) -> None:
    client.root_name, client.root_size = values["name"], values["size"]
    client.root_written, client.root_sent = values["written"], values["sent"]
    client.root_delay_s = _delay(values) if values["sent"] else None


def _delay(values: dict[str, Any]) -> float:
    """From writing a file to its arrival, s; 0 where the clock of the host was set back between them."""
    sent, written = float(values["sent"]), float(values["written"] or values["noticed"] or values["sent"])
    return max(sent - written, 0.0)


def _store_concatenation(host: str, record: TransferRecord, now: float) -> None:
    values = record.values
    lists = {name: _json(values[name]) for name in ("examples", "inputs", "left_out")}
    TransferConcatenation.create(run=record.run, host=host, **values | lists)
    _keep_newest(TransferConcatenation, KEPT_CONCATENATIONS, TransferConcatenation.run == record.run)
    _name_corrupt(host, record, now)


def _store_merge(host: str, record: TransferRecord, now: float) -> None:
    values = dict(record.values)
    lists = {name: _json(values[name]) for name in ("inputs", "left_out", "missing", "saturated_names")}
    is_tried = values.pop("tried")
    values |= {"number": values.pop("version"), "accepted": int(values["accepted"])}
    TransferMerge.create(run=record.run, host=host, **values | lists)
    _keep_newest(TransferMerge, KEPT_MERGES, TransferMerge.run == record.run)
    _name_corrupt(host, record, now)
    failed = {} if record.values["accepted"] else {kinds.MERGED_FILE: record.values["error"] or "no reason was reported"}
    if not is_tried and TransferClient.select().where(TransferClient.run == record.run).exists():
        failed = {}  # there is no ROOT file: each client without one is a problem of its filter unit
    update_problems(kinds.MERGE_FAILED, host, record.run, record.kind, failed, now)


def _name_corrupt(host: str, record: TransferRecord, now: float) -> None:
    """The files that were left out are problems until a later concatenation or merge has none of them.

    A merge names the snapshots of clients without ROOT file, too: these are not damaged.
    """
    left_out = record.values["left_out"]
    found = {each["name"]: each["reason"] for each in left_out if record.kind != kinds.MERGE or not each["name"].endswith(".pb")}
    update_problems(kinds.CORRUPT_INPUT, host, record.run, record.kind, found, now)


def _store_delivery(host: str, record: TransferRecord, now: float) -> None:
    values = record.values | {"run": record.run, "host": host, "at": record.at}
    key = [TransferDelivery.run, TransferDelivery.gui_machine, TransferDelivery.name]
    others = {getattr(TransferDelivery, name): value for name, value in values.items() if name not in ("run", "gui_machine", "name")}
    TransferDelivery.insert(values).on_conflict(conflict_target=key, update=others).execute()
    is_same = TransferDelivery.run == record.run, TransferDelivery.gui_machine == values["gui_machine"]
    _keep_newest(TransferDelivery, KEPT_DELIVERIES, *is_same, TransferDelivery.what != kinds.MERGED_FILE)


def _store_cleanup(host: str, record: TransferRecord, now: float) -> None:
    lists = {name: _json(record.values[name]) for name in ("rules", "examples")}
    TransferCleanup.create(host=host, at=record.at, **record.values | lists)
    _keep_newest(TransferCleanup, KEPT_ROUNDS, TransferCleanup.host == host)


def _keep_newest(table: Any, most: int, *where: Any) -> None:
    """Remove all rows but the newest of a selection."""
    older = table.select(table.id).where(*where).order_by(table.id.desc()).offset(most).limit(1)
    if (first := older.scalar()) is not None:
        table.delete().where(*where, table.id <= first).execute()


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


_STORE: dict[str, Callable[[str, TransferRecord, float], None]] = {
    kinds.FILE: _store_file,
    kinds.CONCATENATION: _store_concatenation,
    kinds.MERGE: _store_merge,
    kinds.DELIVERY: _store_delivery,
    kinds.CLEANUP_ROUND: _store_cleanup,
}
