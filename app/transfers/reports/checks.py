"""Reads a report: whatever a process sends, the results have the types and sizes of the columns."""

from __future__ import annotations

import re
from typing import Any

from app.transfers import kinds
from app.transfers.errors import BadRecord, BadReport
from app.transfers.reports.fields import (
    LARGEST,
    TEXT_CHARS,
    Check,
    count,
    example,
    fields,
    flag,
    fraction,
    full_name,
    items,
    mapping,
    moment,
    name,
    one_of,
    optional,
    run_number,
    small_count,
    text,
)
from app.transfers.reports.report import RefusedRecord, TransferRecord, TransferReport

MAX_RECORDS = 2000
"""Most records of a report."""
MAX_EXAMPLES = 20
MAX_STATE_ITEMS = 2000
"""Most runs, client processes or GUI machines of a state."""

_HOST = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,252}", re.ASCII)

_LEFT_OUT = items(fields(name=name, reason=text))
_EXAMPLES = items(example, MAX_EXAMPLES)
_DISKS = mapping(fraction)

RECORDS: dict[str, Check] = {
    kinds.FILE: fields(
        client=full_name,
        file=one_of(kinds.FILE_KINDS),
        name=full_name,
        size=count,
        written=moment,
        noticed=moment,
        sent=moment,
        attempts=small_count,
        error=text,
    ),
    kinds.CONCATENATION: fields(
        name=full_name,
        digest=name,
        size=count,
        entries=count,
        began=moment,
        made=moment,
        shared=count,
        examples=_EXAMPLES,
        inputs=items(fields(host=name, client=name, size=count, arrived=moment, entries=count, replaced=count)),
        left_out=_LEFT_OUT,
    ),
    kinds.MERGE: fields(
        version=small_count,
        name=name,
        size=count,
        began=moment,
        made=moment,
        accepted=flag,
        error=text,
        histograms=count,
        resolved=count,
        inputs=items(fields(host=name, client=name, name=name, size=count)),
        left_out=_LEFT_OUT,
    ),
    kinds.DELIVERY: fields(
        gui_machine=full_name,
        name=full_name,
        what=one_of(kinds.DELIVERED_KINDS),
        size=count,
        made=moment,
        copied=moment,
        registered=moment,
        attempts=small_count,
        error=text,
    ),
    kinds.CLEANUP_ROUND: fields(removed=count, bytes=count, rules=mapping(count), disk=fraction, examples=_EXAMPLES),
}
"""The fields of each kind of records."""

_CLIENT = fields(pid=count, client=optional(name, ""), tag=optional(name, ""), restarted=optional(small_count, 0), snapshot=moment)
_STATE = one_of(kinds.RUN_STATES)

STATES: dict[str, Check] = {
    kinds.FU: fields(
        started=moment,
        queued=count,
        runs=items(fields(run=run_number, state=_STATE, clients=items(_CLIENT, MAX_STATE_ITEMS))),
        disks=_DISKS,
    ),
    kinds.BU: fields(
        started=moment,
        runs=items(fields(run=run_number, state=_STATE, waiting_for=items(name))),
        gui_machines=items(fields(name=full_name, reachable=flag, since=moment, error=text, waiting=count)),
        disks=_DISKS,
    ),
    kinds.CLEANUP: fields(
        folder=text, files=count, bytes=count, disk=fraction, mark=fraction, reachable=flag, would_remove=optional(count, 0)
    ),
}
"""The state of each mode."""


def read_report(document: Any) -> TransferReport:
    """The report in a JSON document. Raises BadReport; records that cannot be used are refused singly."""
    if not isinstance(document, dict):
        raise BadReport("body", "Expected a JSON object")
    host, mode, records = document.get("host"), document.get("mode"), document.get("records")
    if not isinstance(host, str) or not _HOST.fullmatch(host):
        raise BadReport("host", "Expected the name of a host")
    if mode not in kinds.MODES:
        raise BadReport("mode", f"Expected one of {', '.join(kinds.MODES)}")
    if not isinstance(records, list) or len(records) > MAX_RECORDS:
        raise BadReport("records", f"Expected a list of at most {MAX_RECORDS} records")
    now, dropped = _field(document, "now", moment), _field(document, "dropped", count)
    release = _field(document, "version", lambda value: text(value, 50))
    good, refused = _read_records(records)
    state = None
    try:
        state = STATES[mode](document.get("state"))
    except BadRecord as error:
        refused.append(RefusedRecord(0, f"state: {error}"))
    return TransferReport(host, mode, release, now, dropped, state, tuple(good), tuple(refused))


def _field(document: dict[str, Any], field: str, check: Check) -> Any:
    try:
        return check(document.get(field))
    except BadRecord as error:
        raise BadReport(field, f"E{str(error)[1:]}") from None


def _read_records(records: list[Any]) -> tuple[list[TransferRecord], list[RefusedRecord]]:
    good, refused = [], []
    for document in records:
        number = document.get("number") if isinstance(document, dict) else None
        if type(number) is not int or not 0 < number <= LARGEST:
            refused.append(RefusedRecord(0, "number: expected a whole number from 1"))
            continue
        try:
            good.append(_read_record(number, document))
        except BadRecord as error:
            refused.append(RefusedRecord(number, str(error)[:TEXT_CHARS]))
    return sorted(good, key=lambda record: record.number), refused


def _read_record(number: int, document: dict[str, Any]) -> TransferRecord:
    kind = fields(kind=one_of(kinds.RECORD_KINDS))(document)["kind"]
    head = fields(at=moment)(document) if kind == kinds.CLEANUP_ROUND else fields(at=moment, run=run_number)(document)
    return TransferRecord(number, kind, head["at"], head.get("run", 0), RECORDS[kind](document))
