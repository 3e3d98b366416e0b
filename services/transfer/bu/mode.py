"""The mode `bu`: all runs of a builder unit, by one process."""

from __future__ import annotations

import logging
import os
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ..disks import DiskWatch
from ..journal import Journal
from ..options import Options
from ..places import folder_problems, program_problems, token_problems
from ..reporting import reporter_for
from .deliveries import Deliveries
from .ends import Ends
from .rounds import Rounds, Runs

log = logging.getLogger(__name__)


def start_problems(options: Options) -> Iterator[str]:
    """What keeps the mode from starting."""
    return folder_problems("bu.folder", options.bu.folder)


def place_problems(options: Options) -> Iterator[str]:
    """What a part of the work waits for: the end of runs, merges, one GUI machine.

    Folders of GUI machines are not among them: deliveries say what is wrong with these.
    """
    yield from folder_problems("bu.heartbeats", options.bu.heartbeats, os.R_OK | os.X_OK, "read files")
    yield from program_problems("bu.hadd", options.bu.hadd)
    yield from program_problems("bu.root", options.bu.root)
    if any(machine.host for machine in options.bu.gui_machines):
        yield from program_problems("bu.ssh", options.bu.ssh[0])
        yield from program_problems("bu.gui_machines.host", "rsync")
    for number, machine in enumerate(options.bu.gui_machines, 1):
        yield from token_problems(f"bu.gui_machines {number}.token_file", machine.token_file)


def serve(options: Options, stop: threading.Event) -> int:
    """Serve all runs until `stop` is set; returns the exit code."""
    started = time.time()
    journal = Journal(Path(options.state) / "bu.sqlite")
    runs = Runs(options, journal, stop)
    deliveries = Deliveries(options, journal, runs.live)
    disks = DiskWatch([options.bu.folder])

    def state() -> dict[str, Any]:
        return {
            "started": started,
            "error": runs.problems.of(0),
            "runs": [run.state() for run in runs.all()],
            "gui_machines": deliveries.state(),
            "disks": disks.fractions(),
        }

    reporter = reporter_for(options, "bu", journal, state)
    log.info("Serving the runs in %s", options.bu.folder)
    ends = Ends(runs, deliveries, stop)
    rounds = Rounds(options, runs, deliveries, stop)
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
        disks.close()
    return 0
