"""Progress of each mirror and of the folder, stored in `MirrorState`."""

from __future__ import annotations

import logging
import time
from typing import NamedTuple

from app.publish.models import MirrorState

log = logging.getLogger(__name__)

MAX_PAUSE_S = 60.0
"""Longest pause after failures."""


class Position(NamedTuple):
    """A revision of a series."""

    series: str
    revision: int


def state_of(address: str) -> MirrorState:
    """The row of a mirror or the folder; created when it is missing."""
    row: MirrorState | None = MirrorState.get_or_none(MirrorState.address == address)
    if row is None:
        MirrorState.insert(address=address).on_conflict_ignore().execute()
        row = MirrorState.get(MirrorState.address == address)
    return row


def is_paused(row: MirrorState) -> bool:
    """Whether sending is paused. Times beyond the longest pause are ignored: the clock was set back."""
    return 0 < row.not_before - time.time() <= MAX_PAUSE_S


def record_success(address: str, position: Position, at: float, sent: int) -> None:
    """Store the new position of a mirror.

    Args:
        address: URL of the mirror, or path of the folder.
        position: Its series and revision.
        at: Time of that revision, Unix s UTC.
        sent: Bytes sent for it.
    """
    facts = {"series": position.series, "revision": position.revision, "at": at, "last_ok": time.time(), "failures": 0, "not_before": 0.0}
    MirrorState.update(facts | {"sent": MirrorState.sent + sent}).where(MirrorState.address == address).execute()


def record_failure(row: MirrorState, error: str) -> None:
    """Store the reason of a failure; the pause before the next attempt doubles with each failure."""
    now, pause = time.time(), min(2.0**row.failures, MAX_PAUSE_S)
    if error != row.error or not row.failures:
        log.warning("Cannot update %s: %s", row.address, error)
    facts = {"last_error": now, "error": error[:1000], "failures": row.failures + 1, "not_before": now + pause}
    MirrorState.update(facts).where(MirrorState.id == row.id).execute()
