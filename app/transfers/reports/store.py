"""Storing reports in short transactions. Each record is stored once, however often and by whichever process it is received."""

from __future__ import annotations

import json
from collections.abc import Sequence

from peewee import chunked

from app.core.counters import advance
from app.core.database import proxy
from app.transfers.errors import BadReport
from app.transfers.models import COUNTER, TransferHost, TransferRun
from app.transfers.reports.records import store_record
from app.transfers.reports.report import TransferRecord, TransferReport
from app.transfers.reports.states import store_state
from app.transfers.settings import TransfersSettings

BATCH = 50
"""Records of one transaction, for which others wait."""
MAX_PROCESSES = 1000
"""Processes of the transfer that are stored."""
SKEW_S = 1.0
"""A smaller difference of clocks cannot be told from the time of the way, and is 0."""


def store_report(report: TransferReport, settings: TransfersSettings, now: float) -> int:
    """Store a report; returns the number of its last record, or of the last one known.

    Args:
        report: Its records and its state.
        settings: Limits of what is a problem.
        now: Unix s by the clock of this hub.

    Raises BadReport when there are too many processes.
    """
    for batch in chunked(report.records, BATCH):
        with proxy.atomic():
            _store_records(report, list(batch), now)
    with proxy.atomic():
        number = _store_state(report, settings, now)
    numbers = [*(record.number for record in report.records), *(each.number for each in report.refused)]
    return max(numbers, default=number)


def _store_records(report: TransferReport, records: Sequence[TransferRecord], now: float) -> None:
    """Store the records that are not known; within a transaction."""
    version = advance(COUNTER)  # first: all other reports wait for the end of this transaction
    row = _process(report)
    if not (new := _new_records(row, records)):
        return
    for record in new:
        store_record(report.host, record, now)
    touch_runs({record.run for record in new if record.run}, version, now)
    latest = max(record.at for record in new)
    values = {"number": new[-1].number, "number_at": max(latest, row.number_at) if new[0].number > row.number else latest}
    TransferHost.update(values | {"version": version, "seen": now}).where(TransferHost.id == row.id).execute()


def _new_records(row: TransferHost, records: Sequence[TransferRecord]) -> list[TransferRecord]:
    """The records that are not stored.

    Numbers begin again when the journal of a host was removed: then they are smaller than known ones, and their times later.
    """
    if records[0].number <= row.number and records[0].at > row.number_at:
        return list(records)
    return [record for record in records if record.number > row.number]


def _store_state(report: TransferReport, settings: TransfersSettings, now: float) -> int:
    """Store the state and all about the process; returns the number of its last record that is known. Within a transaction."""
    version = advance(COUNTER)
    row = _process(report)
    skew_s = report.now - now
    values = {
        "release": report.release,
        "seen": now,
        "now": report.now,
        "skew_s": skew_s if abs(skew_s) >= SKEW_S else 0.0,
        "dropped": report.dropped,
        "refused": row.refused + len(report.refused),
    }
    if report.refused:
        values["problem"] = report.refused[-1].problem
    if report.state is not None:
        text = json.dumps(report.state, ensure_ascii=False, separators=(",", ":"), sort_keys=True)
        changed = store_state(report, settings, now)
        touch_runs(changed - {0}, version, now)
        if changed or text != row.state:
            values |= {"state": text, "version": version}
    TransferHost.update(values).where(TransferHost.id == row.id).execute()
    return int(row.number)


def _process(report: TransferReport) -> TransferHost:
    key = {"host": report.host, "mode": report.mode}
    row: TransferHost | None = TransferHost.get_or_none(**key)
    if row is None:
        if TransferHost.select().count() >= MAX_PROCESSES:
            raise BadReport("host", f"There are {MAX_PROCESSES} processes of the transfer already, this is another one")
        row = TransferHost.create(**key)
    return row


def touch_runs(runs: set[int], version: int, now: float) -> None:
    """Note that something new is known of runs; within a transaction on the version counter."""
    for run in sorted(runs):
        if not TransferRun.update(changed=now, version=version).where(TransferRun.run == run).execute():
            TransferRun.create(run=run, began=now, changed=now, version=version)
