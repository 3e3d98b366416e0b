"""Recordings of what machines at P5 were sent, played again as if it were now."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from .clock import Timeline
from .machines import PRODUCTION
from .store import Document, Store

LEAD_S = 2.0
"""So long after the start the first document comes."""


@dataclass(frozen=True)
class Row:
    """One document of a recording: when it came (seconds since the epoch), and to which machine."""

    at: float
    host: str
    document: Document


def read(path: Path) -> list[Row]:
    """The rows of a recording by their times; ValueError names the line that is none."""
    rows = []
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        try:
            row = json.loads(line)
            rows.append(Row(float(row["at"]), str(row["host"]), dict(row["document"])))
        except (ValueError, KeyError, TypeError) as error:
            raise ValueError(f"{path}, line {number}: no document with its time and host ({error!r})") from error
    if not rows:
        raise ValueError(f"{path}: no documents")
    return sorted(rows, key=lambda row: row.at)


def clusters(rows: Sequence[Row], usual: dict[str, list[str]]) -> dict[str, list[str]]:
    """The usual clusters with the machines of a recording, BUs first: those that none of them has are of production."""
    recorded = sorted({row.host for row in rows}, key=lambda host: ("bu" not in host.partition("-")[0], host))
    others = {host for name, machines in usual.items() if name != PRODUCTION for host in machines}
    ours = [host for host in recorded if host not in others]
    return usual | {PRODUCTION: ours or usual[PRODUCTION]}


def play(rows: Sequence[Row], timeline: Timeline, stores: dict[str, Store]) -> None:
    """Have each document uploaded after the same time as in the recording, with its times moved to now."""
    later = timeline.now + LEAD_S - rows[0].at
    for row in rows:
        timeline.at(row.at + later, partial(_upload, row, later, timeline, stores[row.host]))


def _upload(row: Row, later: float, timeline: Timeline, store: Store) -> None:
    store.upload([moved(row.document, later)], timeline.now)


def moved(document: Document, later: float) -> Document:
    """A copy of a document whose times are some seconds later, and that has no revision yet; the text of logs stays."""
    new: Document = json.loads(json.dumps(document))
    new.pop("_rev", None)
    for name in ("timestamp", "report_timestamp"):
        if isinstance(new.get(name), (int, float)):
            new[name] += later
    if str(new.get("update_timestamp", "")).isdigit():
        new["update_timestamp"] = str(int(int(new["update_timestamp"]) + later))
    extra: dict[str, Any] = new.get("extra") or {}
    if isinstance(extra.get("global_start"), (int, float)):
        extra["global_start"] += later
    for columns in (extra.get("streams") or {}).values():
        for name in ("mtimes", "ctimes"):
            columns[name] = [time + later if time > 0 else time for time in columns.get(name, [])]
    return new
