"""The mode `bu`: all runs of a builder unit, by one process."""

from __future__ import annotations

import logging
import os
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

from ..disks import DiskWatch
from ..heartbeats import LEAST_AGE_S, Heartbeats
from ..journal import Journal
from ..options import Options
from ..places import folder_problems, program_problems, token_problems
from ..reporting import reporter_for
from .again import deliver_again
from .deliveries import Deliveries
from .end_threads import EndThreads
from .rounds import Rounds, Runs

log = logging.getLogger(__name__)


def start_problems(options: Options) -> Iterator[str]:
    """Problems that keep the mode from starting."""
    return folder_problems("bu.folder", options.bu.folder)


def place_problems(options: Options) -> Iterator[str]:
    """Problems that hold up a part of the work: the end of runs, merges, one GUI machine.

    Folders of GUI machines are not checked: deliveries report their problems.
    """
    yield from folder_problems("bu.heartbeats", options.bu.heartbeats, os.R_OK | os.X_OK, "read files")
    yield from _heartbeat_problems(options)
    if not options.bu.gui_machines:
        yield "bu.gui_machines: there is none, so that nothing is delivered"
    yield from program_problems("bu.hadd", options.bu.hadd)
    yield from program_problems("bu.root", options.bu.root)
    if any(machine.host for machine in options.bu.gui_machines):
        yield from program_problems("bu.ssh", options.bu.ssh[0])
        yield from program_problems("bu.gui_machines.host", "rsync")
    for number, machine in enumerate(options.bu.gui_machines, 1):
        yield from token_problems(f"bu.gui_machines {number}.token_file", machine.token_file)


def _heartbeat_problems(options: Options) -> Iterator[str]:
    """Problems of the heartbeats themselves; incomplete ones are read once more, since they may be being written."""
    heartbeats, key = Heartbeats(options.bu.heartbeats, options.host_name), f"bu.heartbeats = {options.bu.heartbeats!r}"
    with suppress(OSError):  # the folder is named already
        found = heartbeats.read(time.monotonic())
        if any(one.failure for one in found.values()):
            time.sleep(LEAST_AGE_S)
            found = heartbeats.read(time.monotonic())
        if not found:
            yield f"{key}: there is no heartbeat of another host"
        yield from (f"{key}: the heartbeat of {host} {one.failure}" for host, one in sorted(found.items()) if one.failure)


def again(options: Options, _: threading.Event, machine: str, run: int) -> int:
    """Mark the files of a run, or of all runs if it is 0, to be delivered to a GUI machine again; returns the exit code."""
    names = [one.name for one in options.bu.gui_machines]
    if machine not in names:
        print(f"dqmhub-transfer: there is no GUI machine {machine!r}; the options have {', '.join(names) or 'none'}", file=sys.stderr)
        return 1
    found = deliver_again(options, machine, run)
    print(*found, f"The next start delivers {len(found)} files to {machine}", sep="\n")
    return 0


def serve(options: Options, stop: threading.Event) -> int:
    """Serve all runs until `stop` is set; returns the exit code."""
    started = time.time()
    journal = Journal(Path(options.state) / "bu.sqlite")
    runs = Runs(options, journal, stop)
    deliveries = Deliveries(options, journal, runs.live)
    disks = DiskWatch([options.bu.folder, options.state])

    def state() -> dict[str, Any]:
        return {
            "started": started,
            "error": runs.error(),
            "runs": [run.state() for run in runs.all()],
            "gui_machines": deliveries.state(),
            "disks": disks.fractions(),
        }

    reporter = reporter_for(options, "bu", journal, state)
    log.info("Serving the runs in %s", options.bu.folder)
    ends = EndThreads(runs, deliveries, stop)
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
        journal.close()
    return 0
