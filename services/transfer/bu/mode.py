"""The mode `bu`: all runs of a builder unit, by one process."""

from __future__ import annotations

import logging
import os
import threading
import time
from pathlib import Path
from typing import Any

from ..cleanup.folder import disk_usage
from ..journal import Journal
from ..options import Options
from ..places import folder_problem, program_problem, token_problem
from ..reporting import reporter_for
from .deliveries import Deliveries
from .ends import Ends
from .rounds import Rounds, Runs

log = logging.getLogger(__name__)


def place_problems(options: Options) -> list[str]:
    """What is wrong with the places of the options, one sentence for each, beginning with its key; "" says nothing.

    Folders of GUI machines are not among them: one that is not mounted must not keep the service from starting.
    """
    problems = [
        folder_problem("bu.folder", options.bu.folder),
        folder_problem("bu.heartbeats", options.bu.heartbeats, os.R_OK | os.X_OK, "read files"),
        program_problem("bu.hadd", options.bu.hadd),
        program_problem("bu.root", options.bu.root),
    ]
    if any(machine.host for machine in options.bu.gui_machines):
        problems += [program_problem("bu.ssh", options.bu.ssh[0]), program_problem("bu.gui_machines.host", "rsync")]
    for number, machine in enumerate(options.bu.gui_machines, 1):
        problems.append(token_problem(f"bu.gui_machines {number}.token_file", machine.token_file))
    return problems


def serve(options: Options, stop: threading.Event, run: int = 0) -> int:
    """Serve all runs until `stop` is set; returns the exit code. There is no form for one run: `run` is 0."""
    started = time.time()
    journal = Journal(Path(options.state) / "bu.sqlite")
    runs = Runs(options, journal, stop)
    deliveries = Deliveries(options, journal, runs.live)

    def state() -> dict[str, Any]:
        return {
            "started": started,
            "runs": [run.state() for run in runs.all()],
            "gui_machines": deliveries.state(),
            "disks": _disks(options.bu.folder),
        }

    reporter = reporter_for(options, "bu", journal, state)
    log.info("Serving the runs in %s", options.bu.folder)
    ends = Ends(runs, deliveries, stop)
    rounds = Rounds(options, runs, deliveries, stop)
    runs.forget_old()
    rounds.look()  # the newest run is known before anything is registered
    deliveries.start()
    ends.start()
    try:
        rounds.run()
    finally:
        stop.set()
        ends.join(1.0)
        deliveries.close()
        reporter.close()
    return 0


def _disks(folder: str) -> dict[str, float]:
    try:
        return {folder: disk_usage(folder).fraction}
    except OSError:
        return {}
