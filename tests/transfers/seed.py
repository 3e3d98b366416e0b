"""An online run as all processes of the transfer report it, with a problem of each kind, for tests of pages."""

from __future__ import annotations

from app.core.settings import Settings
from tests.transfers.samples import (
    RUN,
    bu_state,
    cleanup_record,
    cleanup_state,
    concatenation_record,
    delivery_record,
    file_record,
    fu_state,
    merge_record,
    process,
    receive,
    report,
    root_record,
)

OLDER = RUN - 1
CUT = {"name": "run397456_CTPPS_DQMLive__fu-2.pb", "reason": "cut after 512 of 1,000 bytes"}
LONG = "a_name_without_any_place_to_break_it_" * 6


def fill(settings: Settings, now: float) -> None:
    """Two filter units, a builder unit and a GUI machine: an older run that is merged, and an ongoing one. now: Unix s."""
    _fill_older(settings, now - 3600)
    running = process(7, snapshot=now - 5), process(8, tag="", snapshot=0.0), process(9, tag="BRIL", snapshot=now - 9, restarted=True)
    records = [file_record(n, at=now - 30 + n) for n in (2, 3)] + [file_record(4, "BRIL", at=now - 4, size=123_456_789)]
    records.append(file_record(5, "CSC", at=now - 100, written=now - 103))
    # CSC had its last snapshot four lumisections ago, and process 8 was seen first before that.
    receive(settings, report(*records, now=now - 101, state=fu_state(clients=running)), now - 101)
    receive(settings, report(now=now, state=fu_state(clients=running, queued=2)), now)
    ahead = now + 90
    failed = file_record(2, "CTPPS", at=ahead - 1, sent=0.0, attempts=3, error="rsync ended with 255: Connection refused")
    alive = process(4, tag="CTPPS", snapshot=ahead - 3)
    receive(settings, report(failed, host="fu-2", now=ahead, state=fu_state(clients=(alive,)), version=f"1.0 {LONG}"), now)
    _fill_builder(settings, now)
    cleaned = cleanup_record(1, at=now - 60, rules={"of an older run": 20, "of the newest run": 6}, removed=26, bytes=2_600_000_000)
    full = cleanup_state(disk=0.93, reachable=False, would_remove=4)
    receive(settings, report(cleaned, mode="cleanup", host="gui-1", now=now, state=full), now)


def _fill_older(settings: Settings, at: float) -> None:
    receive(settings, report(file_record(1, run=OLDER, at=at), now=at, state=fu_state("over", run=OLDER)), at)
    receive(settings, report(root_record(1, "CTPPS", OLDER, at=at), host="fu-2", now=at, state=fu_state("over", run=OLDER)), at)
    refused = merge_record(1, OLDER, at=at - 60, accepted=False, error="DQM/size has not the sum of the inputs", name="")
    merged = merge_record(2, OLDER, at=at, left_out=[CUT | {"name": "DQM_V0001_CSC_R000397455__fu-1.root"}])
    name = {"name": merged["name"], "what": "merged file"}
    delivered = [delivery_record(3 + n, f"gui-{n}", OLDER, at=at, **name) for n in range(3)]
    receive(settings, report(refused, merged, *delivered, mode="bu", now=at, state=bu_state("over", run=OLDER)), at)


def _fill_builder(settings: Settings, now: float) -> None:
    made = [concatenation_record(10 + n, at=now - 300 + 10 * n, digest=f"{n:032x}") for n in range(25)]
    made.append(concatenation_record(50, at=now - 6, left_out=[CUT], name=f"{LONG}.pb"))
    sent = [delivery_record(60, "gui-1", at=now - 2, name="old.pb", made=now - 20), delivery_record(61, "gui-1", at=now - 1, name="new.pb")]
    failed = delivery_record(62, "gui-2", at=now, registered=0.0, copied=0.0, attempts=4, error="No route to host")
    gui = [
        {"name": "gui-1", "reachable": True, "since": now - 900, "error": "", "waiting": 0},
        {"name": "gui-2", "reachable": False, "since": now - 60, "error": "No route to host", "waiting": 3},
    ]
    state = bu_state(gui_machines=gui, disks={"/fff/output": 0.95, "/fff/ramdisk": 0.4})
    receive(settings, report(*made, *sent, failed, mode="bu", now=now, state=state), now)
