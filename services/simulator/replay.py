"""Replays recorded documents of machines at P5, with their times moved to now."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from .clock import EventQueue
from .machines import PRODUCTION
from .store import Document, DocumentStore

START_DELAY_S = 2.0
"""Time from the start to the first document."""


@dataclass(frozen=True)
class RecordedDocument:
    """One line of a recording."""

    at: float  # time of arrival, seconds since the epoch
    host: str  # machine that received it
    document: Document


def read_recording(path: Path) -> list[RecordedDocument]:
    """The documents of a recording in the order of their times. ValueError names an invalid line."""
    rows = []
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        try:
            row = json.loads(line)
            rows.append(RecordedDocument(float(row["at"]), str(row["host"]), dict(row["document"])))
        except (ValueError, KeyError, TypeError) as error:
            raise ValueError(f"{path}, line {number}: not a document with time and host ({error!r})") from error
    if not rows:
        raise ValueError(f"{path} has no documents")
    return sorted(rows, key=lambda row: row.at)


def clusters_with_recording(rows: Sequence[RecordedDocument], usual: dict[str, list[str]]) -> dict[str, list[str]]:
    """The usual clusters, but with the machines of a recording in production, BUs first, unless they belong to another cluster."""
    recorded = sorted({row.host for row in rows}, key=lambda host: ("bu" not in host.partition("-")[0], host))
    others = {host for name, machines in usual.items() if name != PRODUCTION for host in machines}
    ours = [host for host in recorded if host not in others]
    return usual | {PRODUCTION: ours or usual[PRODUCTION]}


def schedule(rows: Sequence[RecordedDocument], event_queue: EventQueue, stores: dict[str, DocumentStore]) -> None:
    """Upload each document at the same distance in time as in the recording, with its times moved to now."""
    shift_s = event_queue.now + START_DELAY_S - rows[0].at
    for row in rows:
        event_queue.at(row.at + shift_s, partial(_upload, row, shift_s, event_queue, stores[row.host]))


def _upload(row: RecordedDocument, shift_s: float, event_queue: EventQueue, store: DocumentStore) -> None:
    store.upload([with_shifted_times(row.document, shift_s)], event_queue.now)


def with_shifted_times(document: Document, shift_s: float) -> Document:
    """A copy of a document with later times and without a revision. Times in the text of logs stay."""
    new: Document = json.loads(json.dumps(document))
    new.pop("_rev", None)
    for name in ("timestamp", "report_timestamp"):
        if isinstance(new.get(name), (int, float)):
            new[name] += shift_s
    if str(new.get("update_timestamp", "")).isdigit():
        new["update_timestamp"] = str(int(int(new["update_timestamp"]) + shift_s))
    extra: dict[str, Any] = new.get("extra") or {}
    if isinstance(extra.get("global_start"), (int, float)):
        extra["global_start"] += shift_s
    for columns in (extra.get("streams") or {}).values():
        for name in ("mtimes", "ctimes"):
            columns[name] = [time + shift_s if time > 0 else time for time in columns.get(name, [])]
    return new
