"""Ends of runs: no run holds up another."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from services.transfer.bu.deliveries import Deliveries
from services.transfer.bu.end_threads import EndThreads
from services.transfer.bu.rounds import Runs
from services.transfer.journal import Journal
from services.transfer.options import BuOptions, Options
from tests.support.patience import PATIENCE_S
from tests.support.processes import until
from tests.transfer.bu.arrivals import arrive

pytestmark = pytest.mark.slow

RUN = 367094
HANGS = """#!/bin/sh
for input in *.root; do
    case "$(readlink "$input")" in
        *R000367095*) touch "$0.hangs"; exec sleep 100000;;
    esac
done
echo damaged
exit 1
"""


def test_a_merge_that_hangs_holds_up_neither_another_run_nor_the_end_of_the_service(tmp_path: Path) -> None:
    """By programs in place of those of ROOT: for one run they hang, for the other they fail."""
    (tmp_path / "boxes").mkdir()
    program = tmp_path / "root"
    program.write_text(HANGS)
    program.chmod(0o755)
    for run in (RUN, RUN + 1):
        arrive(tmp_path / "output" / f"run{run}", f"DQM_V0001_SiStrip_R{run:09}__fu1.root")
    options = BuOptions(
        folder=f"{tmp_path}/output", heartbeats=f"{tmp_path}/boxes", heartbeat_stale_s=0.1, hadd=str(program), root=str(program)
    )
    journal, stop = Journal(tmp_path / "bu.sqlite"), threading.Event()
    journal.report_to(["http://hub"], lambda: None)
    runs = Runs(Options(host="bu1", bu=options), journal, stop)
    deliveries = Deliveries(Options(bu=options), journal, runs.live)
    for run in runs.look():
        runs[run].concatenate(deliveries)
    ends = EndThreads(runs, deliveries, stop)
    ends.start()
    until((tmp_path / "root.hangs").exists, "the merge that hangs")
    until(lambda: any(one["run"] == RUN for one in journal.records_after(0, 10)), "the other run")
    assert {one["run"] for one in journal.records_after(0, 10)} == {RUN}
    assert runs[RUN + 1].state()["state"] == "merging"
    stop.set()
    ends.join(PATIENCE_S)
    assert not any("ends of runs" in thread.name for thread in threading.enumerate())
    journal.close()
