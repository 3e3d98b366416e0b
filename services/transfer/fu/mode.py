"""The mode `fu`."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

from ..journal import Journal
from ..options import Options
from ..places import folder_problems, program_problems
from ..reporting import reporter_for
from .service import FuService

RESTART_S = 5.0
"""Seconds after which hltd restarts a client that has ended."""


def start_problems(options: Options) -> Iterator[str]:
    """Problems that keep the mode from starting."""
    yield from folder_problems("fu.folder", options.fu.folder, os.R_OK | os.X_OK, "list files")
    if not os.path.isdir("/proc/1"):
        yield "fu: /proc shows this user only its own processes, so that clients cannot be seen; mount it without hidepid"


def place_problems(options: Options) -> Iterator[str]:
    """Problems of the target, which make files wait, and of the end of runs."""
    if options.fu.end_s < RESTART_S:
        yield f"fu.end_s = {options.fu.end_s:g}: a crashed client is restarted after {RESTART_S:g} s, so that its run would end too early"
    if options.fu.target.startswith("/"):
        yield from folder_problems("fu.target", options.fu.target)
    else:
        yield from program_problems("fu.ssh", options.fu.ssh[0])
        yield from program_problems("fu.target", "rsync")


def serve(options: Options, stop: threading.Event, run: int = 0) -> int:
    """Serve a run, or all if it is 0, until `stop` is set or the run is over; returns the exit code."""
    with closing(Journal(Path(options.state) / "fu.sqlite")) as journal:
        service = FuService(options, journal, run)
        reporter = reporter_for(options, "fu", journal, service.state)
        try:
            return service.serve(stop)
        finally:
            service.close()
            reporter.close()
