"""A report of a process of the transfer, as it is stored."""

from __future__ import annotations

from typing import Any, NamedTuple


class TransferRecord(NamedTuple):
    """One thing that happened.

    Attributes:
        number: It grows with each record of a host and mode.
        kind: One of RECORD_KINDS.
        at: Unix s by the clock of the host.
        run: 0 for records of clean-up.
        values: The fields of its kind, by name.
    """

    number: int
    kind: str
    at: float
    run: int
    values: dict[str, Any]


class RefusedRecord(NamedTuple):
    """A record that cannot be used, or the state: then its number is 0."""

    number: int
    problem: str


class TransferReport(NamedTuple):
    """A report whose parts can be stored.

    Attributes:
        host, mode, release: Of the process.
        now: Unix s when it was sent, by the clock of the host.
        dropped: Records that were lost.
        state: What it does now; None: it cannot be used.
        records: In the order of their numbers.
        refused: The others.
    """

    host: str
    mode: str
    release: str
    now: float
    dropped: int
    state: dict[str, Any] | None
    records: tuple[TransferRecord, ...]
    refused: tuple[RefusedRecord, ...]
