"""The end of a run: its ROOT files are merged when it is over on all FUs."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from ..journal import Journal
from ..options import Options
from .inputs import RunFile


class MergedFile(NamedTuple):
    """A merged file to deliver.

    Attributes:
        path: The file, in the folder of the run.
        run: Its run.
        version: Number of the merge, from 1.
        size: Bytes.
        made: When it was complete, s since 1970.
    """

    path: Path
    run: int
    version: int
    size: int
    made: float


class EndOfRun:
    """Waits for the end of one run and merges its files; used by one thread, apart from the attributes.

    Attributes:
        state: `ongoing`, `merging`, `merged`, or `over` when there is nothing to merge.
        waiting_for: The FUs that still have the run.
    """

    def __init__(self, run: int, folder: Path, options: Options, journal: Journal, stop: threading.Event) -> None:
        """Continue where a process before stopped.

        Args:
            run: The run.
            folder: Its folder on this host.
            options: All options.
            journal: Where versions and inputs of merges are kept.
            stop: Ends a merge early when it is set.
        """
        self.state = "ongoing"
        self.waiting_for: list[str] = []

    def step(self, now: float, files: Sequence[RunFile]) -> list[MergedFile]:
        """Do what is due; this can last as long as a merge.

        Args:
            now: The monotonic clock, s.
            files: The files of the run at present. They are listed again after each change.

        Returns the merged files that are new; at the first step after a start also the newest one that was accepted before: what
        was delivered already is not delivered again. Raises `OSError`: the step is tried again.
        """
        return []
