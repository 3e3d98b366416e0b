"""The mode `fu`."""

from __future__ import annotations

import os
import threading
from contextlib import closing
from pathlib import Path

from ..journal import Journal
from ..options import Options
from ..places import folder_problem, program_problem
from ..reporting import reporter_for
from .service import FuService


def place_problems(options: Options) -> list[str]:
    """What is wrong with the places of the options, one sentence for each, beginning with its key; "" says nothing."""
    problems = [folder_problem("fu.folder", options.fu.folder, os.R_OK | os.X_OK, "list files")]
    if options.fu.target.startswith("/"):
        problems.append(folder_problem("fu.target", options.fu.target))
    else:
        problems += [program_problem("fu.ssh", options.fu.ssh[0]), program_problem("fu.target", "rsync")]
    if not os.path.isdir("/proc/1"):
        problems.append("fu: /proc shows this user only its own processes, so that clients cannot be seen; mount it without hidepid")
    return problems


def serve(options: Options, stop: threading.Event, run: int) -> int:
    """Serve a run, or all if it is 0, until `stop` is set or the run is over; returns the exit code."""
    with closing(Journal(Path(options.state) / "fu.sqlite")) as journal:
        service = FuService(options, journal, run)
        reporter = reporter_for(options, "fu", journal, service.state)
        try:
            return service.serve(stop)
        finally:
            service.close()
            reporter.close()
