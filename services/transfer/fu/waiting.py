"""The files that wait on an FU, for reports."""

from __future__ import annotations

import time
from collections.abc import Iterable

from ..names import FileKind
from .clients import Snapshots
from .files import read_companion
from .outbox import OutgoingFile
from .sending import UNTAGGED

NOTABLE_S = 10.0
"""Seconds after which a waiting file without a failure is reported."""
MOST_NAMED = 200
"""Files in a report: those that wait longest."""


def waiting_files(files: Iterable[OutgoingFile]) -> list[dict[str, object]]:
    """The files that failed or wait for long, for reports; `written` is when the newest version was, `since` when the wait began."""
    before = time.time() - NOTABLE_S
    late = [one for one in files if one.failures or one.waits_since < before]
    return [
        {
            "run": one.file.run,
            "client": one.file.tag or UNTAGGED,
            "file": str(one.file.kind),
            "written": one.state.written,
            "since": one.waits_since,
            "attempts": one.failures,
            "error": one.error,
        }
        for one in sorted(late, key=lambda one: (one.waits_since, one.file.name))[:MOST_NAMED]
    ]


def written_snapshots(run: int, sent: Snapshots, files: Iterable[OutgoingFile]) -> Snapshots:
    """The tag of each process that wrote a snapshot of a run, and when it wrote the last one, also of those that wait.

    Args:
        run: The run.
        sent: The same for the sent snapshots.
        files: The files that wait.
    """
    found = dict(sent)
    for one in files:
        if one.file.run == run and one.file.kind is FileKind.SNAPSHOT and (companion := read_companion(one.file)) and companion.pid:
            found[companion.pid] = one.file.tag, max(one.state.written, found.get(companion.pid, ("", 0.0))[1])
    return found
