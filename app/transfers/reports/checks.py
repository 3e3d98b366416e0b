"""Reads a report: whatever a process sends, the results have the types and sizes of the columns."""

from __future__ import annotations

import re
from typing import Any

from app.transfers import kinds
from app.transfers.errors import BadRecord, BadReport
from app.transfers.reports.fields import (
    LARGEST,
    Check,
    byte_count,
    client_name,
    count,
    examples,
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
PROBLEM_CHARS = 300
MAX_PROCESSES = 500
"""Most client processes of a state: each new one is a row."""

_HOST = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,252}", re.ASCII)

_SIZE = optional(byte_count, 0)
_NUMBER, _SMALL, _TIME, _TEXT = optional(count, 0), optional(small_count, 0), optional(moment, 0.0), optional(text, "")
_NAME = optional(name, "")
_EXAMPLES = optional(examples, [])
_LEFT_OUT = optional(items(fields(name=name, reason=text)), [])
_DISKS = optional(mapping(fraction), {})
_PART = {"host": _NAME, "client": _NAME, "size": _SIZE}

RECORDS: dict[str, Check] = {
    kinds.FILE: fields(
        client=client_name,
        file=one_of(kinds.FILE_KINDS),
        name=full_name,
        size=byte_count,
        written=_TIME,
        noticed=_TIME,
        since=_TIME,
        sent=_TIME,
        attempts=_SMALL,
        error=_TEXT,
    ),
    kinds.CONCATENATION: fields(
        name=full_name,
        digest=_NAME,
        size=byte_count,
        entries=count,
        began=_TIME,
        made=_TIME,
        shared=_NUMBER,
        examples=_EXAMPLES,
        inputs=items(fields(**_PART, arrived=_TIME, entries=_NUMBER, replaced=_NUMBER)),
        left_out=_LEFT_OUT,
    ),
    kinds.MERGE: fields(
        version=_SMALL,
        name=_NAME,
        size=_SIZE,
        began=_TIME,
        made=_TIME,
        accepted=flag,
        tried=optional(flag, True),
        missing=optional(items(fields(host=_NAME, client=_NAME, name=_NAME)), []),
        saturated=_NUMBER,
        saturated_names=_EXAMPLES,
        error=_TEXT,
        histograms=_NUMBER,
        resolved=_NUMBER,
        inputs=items(fields(**_PART, name=_NAME)),
        left_out=_LEFT_OUT,
    ),
    kinds.DELIVERY: fields(
        gui_machine=full_name,
        name=full_name,
        what=one_of(kinds.DELIVERED_KINDS),
        size=_SIZE,
        made=_TIME,
        copied=_TIME,
        registered=_TIME,
        attempts=_SMALL,
        error=_TEXT,
    ),
    kinds.CLEANUP_ROUND: fields(removed=count, bytes=count, rules=mapping(count), disk=fraction, examples=_EXAMPLES),
}
"""The fields of each kind of records."""

_CLIENT = fields(pid=count, client=_NAME, tag=_NAME, restarted=_SMALL, snapshot=_TIME)
_STATE = one_of(kinds.RUN_STATES)
_WAITING = fields(
    run=run_number, client=client_name, file=one_of(kinds.FILE_KINDS), written=_TIME, since=_TIME, attempts=_SMALL, error=_TEXT
)
_TARGET = fields(place=_NAME, error=_TEXT, since=_TIME)
_FU_RUN = fields(run=run_number, state=_STATE, clients=optional(items(_CLIENT), []))
_BU_RUN = fields(run=run_number, state=_STATE, waiting_for=optional(items(name), []), error=_TEXT)
_GUI_MACHINE = fields(name=full_name, reachable=flag, since=_TIME, error=_TEXT, failing=_TIME, waiting=_NUMBER)


def _clients_fit(runs: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The runs of a filter unit, if they can be stored in one short transaction."""
    if sum(len(run["clients"]) for run in runs) > MAX_PROCESSES:
        raise BadRecord(f"expected at most {MAX_PROCESSES} client processes")
    return runs


STATES: dict[str, Check] = {
    kinds.FU: fields(
        started=_TIME,
        run=_SMALL,
        queued=_NUMBER,
        waiting=optional(items(_WAITING), []),
        target=optional(_TARGET, None),
        runs=lambda value: _clients_fit(items(_FU_RUN)(value)),
        disks=_DISKS,
    ),
    kinds.BU: fields(started=_TIME, error=_TEXT, runs=items(_BU_RUN), gui_machines=optional(items(_GUI_MACHINE), []), disks=_DISKS),
    kinds.CLEANUP: fields(
        folder=text,
        files=_NUMBER,
        bytes=_NUMBER,
        disk=optional(fraction, None),
        mark=optional(fraction, 1.0),
        reachable=optional(flag, True),
        would_remove=_NUMBER,
        error=_TEXT,
    ),
}
"""The state of each mode; clean-up has no `disk` before its first round."""


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
    _field(document, "version", lambda value: text(str(value) if isinstance(value, int) else value, 50))  # of the form of reports
    release = _field(document, "release", optional(lambda value: text(value, 50), ""))
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
            refused.append(RefusedRecord(number, str(error)[:PROBLEM_CHARS]))
    return sorted(good, key=lambda record: record.number), refused


def _read_record(number: int, document: dict[str, Any]) -> TransferRecord:
    kind = fields(kind=one_of(kinds.RECORD_KINDS))(document)["kind"]
    head = fields(at=moment)(document) if kind == kinds.CLEANUP_ROUND else fields(at=moment, run=run_number)(document)
    return TransferRecord(number, kind, head["at"], head.get("run", 0), RECORDS[kind](document))
