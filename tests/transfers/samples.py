"""Reports of processes of the transfer, as they come over the network."""

from __future__ import annotations

from typing import Any

from app.core.settings import Settings
from app.transfers.reports.checks import read_report
from app.transfers.reports.store import store_report
from app.transfers.settings import TransfersSettings

NOW = 1_700_000_000.0
RUN = 397456
LUMISECTION_S = 23.310893056

Json = dict[str, Any]


def file_record(number: int, client: str = "SiStrip", run: int = RUN, **values: Any) -> Json:
    """A snapshot that was written 4 s before the record and sent 1 s before it."""
    at = values.pop("at", NOW)
    base = {"number": number, "kind": "file", "at": at, "run": run, "client": client, "file": "snapshot", "size": 1000, "attempts": 1}
    times = {"written": at - 4, "noticed": at - 3, "sent": at - 1, "error": ""}
    return base | times | {"name": f"run{run}_{client}_DQMLive.pb"} | values


def root_record(number: int, client: str = "SiStrip", run: int = RUN, **values: Any) -> Json:
    """A ROOT file that was sent."""
    named = {"file": "ROOT file", "name": f"DQM_V0001_{client}_R{run:09}.root", "size": 5000}
    return file_record(number, client, run, **named | values)


def concatenation_record(number: int, run: int = RUN, **values: Any) -> Json:
    """A concatenation of two snapshots."""
    at = values.pop("at", NOW)
    inputs = [
        {"host": host, "client": client, "size": 1000, "arrived": at - 2, "entries": 10, "replaced": replaced}
        for host, client, replaced in (("fu-1", "SiStrip", 1), ("fu-2", "CTPPS", 0))
    ]
    base = {"number": number, "kind": "concatenation", "at": at, "run": run, "name": f"run{run}_DQMLive_concat.pb", "digest": "ab" * 16}
    sizes = {"size": 1900, "entries": 19, "began": at - 1, "made": at, "shared": 1, "examples": [["DQM/a", "SiStrip", "CTPPS"]]}
    return base | sizes | {"inputs": inputs, "left_out": []} | values


def merge_record(number: int, run: int = RUN, **values: Any) -> Json:
    """A merge of one ROOT file."""
    at = values.pop("at", NOW)
    base = {"number": number, "kind": "merge", "at": at, "run": run, "version": 1, "name": "DQM_V0001_R000397456__Global__Online__ALL.root"}
    sizes = {"size": 5000, "began": at - 9, "made": at, "accepted": True, "error": "", "histograms": 19, "resolved": 2}
    inputs = [{"host": "fu-1", "client": "SiStrip", "name": "DQM_V0001_SiStrip_R000397456__fu-1.root", "size": 5000}]
    return base | sizes | {"inputs": inputs, "left_out": []} | values


def delivery_record(number: int, gui_machine: str = "gui-1", run: int = RUN, **values: Any) -> Json:
    """A concatenation that was delivered in 3 s."""
    at = values.pop("at", NOW)
    base = {"number": number, "kind": "delivery", "at": at, "run": run, "gui_machine": gui_machine, "name": "concat_1.pb", "size": 1900}
    times = {"what": "concatenation", "made": at - 4, "copied": at - 2, "registered": at - 1, "attempts": 1, "error": ""}
    return base | times | values


def cleanup_record(number: int, **values: Any) -> Json:
    """A round of clean-up that removed three files."""
    base = {"number": number, "kind": "cleanup", "at": NOW, "removed": 3, "bytes": 300, "rules": {"old run": 3}, "disk": 0.5}
    return base | {"examples": ["run1.pb"]} | values


def process(pid: int, tag: str = "SiStrip", snapshot: float = NOW - 5, **values: Any) -> Json:
    """A client process in the state of a filter unit."""
    return {"pid": pid, "client": "sistrip_cfg.py", "tag": tag, "restarted": False, "snapshot": snapshot} | values


def fu_state(state: str = "ongoing", clients: tuple[Json, ...] = (), run: int = RUN, **values: Any) -> Json:
    """The state of a filter unit with one run."""
    runs = [{"run": run, "state": state, "clients": list(clients)}]
    return {"started": NOW - 900, "queued": 0, "runs": runs, "disks": {"/fff/output": 0.3}} | values


def bu_state(state: str = "ongoing", run: int = RUN, **values: Any) -> Json:
    """The state of a builder unit with one run and a GUI machine."""
    runs = [{"run": run, "state": state, "waiting_for": ["fu-1"] if state == "ongoing" else []}]
    gui = [{"name": "gui-1", "reachable": True, "since": NOW - 900, "error": "", "waiting": 0}]
    return {"started": NOW - 900, "runs": runs, "gui_machines": gui, "disks": {"/fff/output": 0.4}} | values


def waiting_file(since: float, error: str = "", run: int = RUN, **values: Any) -> Json:
    """A snapshot in the state of a filter unit, the newest version of a file that waits."""
    base = {"run": run, "client": "SiStrip", "file": "snapshot", "written": since, "since": since, "attempts": 3 if error else 0}
    return base | {"error": error} | values


def gui_machine(error: str = "", failing: float = 0.0, **values: Any) -> Json:
    """A GUI machine in the state of a builder unit."""
    return {"name": "gui-1", "reachable": True, "since": NOW - 900, "error": error, "failing": failing, "waiting": 1} | values


def cleanup_state(**values: Any) -> Json:
    """The state of clean-up of a GUI machine."""
    base = {"folder": "/data/dqmgui/files", "files": 26, "bytes": 2600, "disk": 0.5, "mark": 0.9, "reachable": True, "would_remove": 0}
    return base | values


def report(*records: Json, mode: str = "fu", host: str = "", state: Json | None = None, **values: Any) -> Json:
    """The body of a request."""
    states = {"fu": fu_state(), "bu": bu_state(), "cleanup": cleanup_state()}
    base = {"host": host or f"{mode}-1", "mode": mode, "version": 1, "release": "1.0", "now": NOW, "dropped": 0}
    return base | {"state": states[mode] if state is None else state, "records": list(records)} | values


def receive(settings: Settings, document: Json, now: float = NOW) -> int:
    """Store a report as the API does; returns the number that it acknowledges. now: Unix s by the clock of the hub."""
    return store_report(read_report(document), settings.of(TransfersSettings), now)
