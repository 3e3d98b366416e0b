"""Storing the state of a process, and the problems that it shows. Within a transaction on the version counter."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from app.transfers import kinds
from app.transfers.models import TransferClient, TransferProcess, TransferRun, TransferRunState
from app.transfers.reports.missing import clients_of_run, missing_root_files, missing_snapshots
from app.transfers.reports.problems import update_problems
from app.transfers.reports.report import TransferReport
from app.transfers.reports.unsent import failing_machines, target_problem, waiting_problems
from app.transfers.settings import TransfersSettings

ABSENT_S = 600.0
"""A run without news that its process does not report any more is over there after this time: it ended while no process served it."""
MAX_PROCESSES = 2000
"""Client processes of a run on a host that are stored: each report reads all of them."""
SETTLE_S = 30.0
"""After this time a process that serves all runs knows those that it has."""
HELD_UP_S = 600.0
"""Time after the begin of a newer run after which it is a problem that a run is still waited for."""


def store_state(report: TransferReport, settings: TransfersSettings, now: float) -> set[int]:
    """Store the parts of the state of a report that have tables; returns the runs with a change, 0 for the host.

    Several processes of a host may serve one run each, and report in turn: what one of them does not name may be of another.

    Args:
        report: Its state can be used.
        settings: Limits of what is a problem.
        now: Unix s by the clock of the hub.
    """
    state, host, mode = report.state or {}, report.host, report.mode
    if mode == kinds.CLEANUP:
        disks, mark = {state["folder"]: state["disk"] or 0.0}, state["mark"]
        is_changed = update_problems(kinds.PROCESS_FAILING, host, 0, mode, _failing(mode, state), now)
        return {0} if _store_disks(host, mode, disks, mark, now) or is_changed else set()
    changed = _store_fu(report, state, settings, now) if mode == kinds.FU else _store_bu(report, state, now)
    if _store_disks(host, mode, state["disks"], settings.transfer_disk_mark, now):
        changed.add(0)
    knows_all = not state.get("run") and report.now - state["started"] > SETTLE_S
    for run in _end_absent(host, mode, [each["run"] for each in state["runs"]], now - (0 if knows_all else ABSENT_S), now):
        changed.add(run)
        update_problems(kinds.FILE_MISSING, host, run, kinds.SNAPSHOT, {}, now)
        update_problems(kinds.NOT_SENT, host, run, mode, {}, now)
    return changed


def _store_fu(report: TransferReport, state_now: Mapping[str, Any], settings: TransfersSettings, now: float) -> set[int]:
    changed, host, reported = set(), report.host, {record.run for record in report.records}
    lumis, outage = settings.transfer_missing_lumis, target_problem(state_now, report.now)
    if update_problems(kinds.NOT_SENT, host, 0, report.mode, outage, now):
        changed |= {0, *(each["run"] for each in state_now["runs"])}
    for each in state_now["runs"]:
        run, state = each["run"], each["state"]
        waiting = [file for file in state_now["waiting"] if file["run"] == run]
        is_new = _store_run_state(run, host, report.mode, state, [], now)
        running, is_changed = _store_processes(run, host, each["clients"], report.now)
        found = {}
        if state == kinds.ONGOING and not _is_merged(run):
            found = missing_snapshots(clients_of_run(run, host, running, waiting), report.now, lumis)
        is_changed |= update_problems(kinds.FILE_MISSING, host, run, kinds.SNAPSHOT, found, now)
        unsent = {} if outage else waiting_problems(waiting, report.now, lumis)  # an outage is one problem
        is_changed |= update_problems(kinds.NOT_SENT, host, run, report.mode, unsent, now)
        if state == kinds.OVER and (is_new or run in reported):
            is_changed |= update_problems(kinds.FILE_MISSING, host, run, kinds.ROOT_FILE, missing_root_files(run, host), now)
        if is_new or is_changed:
            changed.add(run)
    return changed


def _is_merged(run: int) -> bool:
    """Whether a builder unit has done all for a run."""
    is_done = TransferRunState.mode == kinds.BU, TransferRunState.state.in_([kinds.MERGED, kinds.OVER])
    return bool(TransferRunState.select().where(TransferRunState.run == run, *is_done).exists())


def _store_processes(run: int, host: str, clients: Iterable[Mapping[str, Any]], now: float) -> tuple[list[TransferProcess], bool]:
    """Store the client processes that run; returns their rows, and whether something changed. now: Unix s by the clock of the host."""
    is_same = TransferProcess.run == run, TransferProcess.host == host
    known, running, is_changed = {row.pid: row for row in TransferProcess.select().where(*is_same)}, [], False
    for each in clients:
        values = {"program": each["client"], "client": each["tag"], "snapshot": each["snapshot"], "restarted": each["restarted"]}
        row = known.get(each["pid"])
        if row is None and len(known) >= MAX_PROCESSES:
            continue
        if row is None:
            row = known[each["pid"]] = TransferProcess.create(run=run, host=host, pid=each["pid"], first=now, last=now, **values)
            is_changed = True
        elif any(getattr(row, name) != value for name, value in values.items()):
            TransferProcess.update(values | {"last": now}).where(TransferProcess.id == row.id).execute()
            for name, value in values.items():
                setattr(row, name, value)
            is_changed = True
        running.append(row)
    return running, is_changed


def _store_bu(report: TransferReport, state: Mapping[str, Any], now: float) -> set[int]:
    changed = set()
    for each in state["runs"]:
        if _store_run_state(each["run"], report.host, report.mode, each["state"], each["waiting_for"], now):
            changed.add(each["run"])
            if each["state"] in (kinds.MERGED, kinds.OVER):
                _end_run(each["run"], report.host, now)
        key = report.host, each["run"], report.mode
        for kind, problems in ((kinds.PROCESS_FAILING, _failing(report.mode, each)), (kinds.END_LATE, _held_up(each, now))):
            if update_problems(kind, *key, problems, now):
                changed.add(each["run"])
    unreachable = {each["name"]: each["error"] or "no reason was reported" for each in state["gui_machines"] if not each["reachable"]}
    failing = failing_machines(state["gui_machines"], report.now)
    for kind, problems in (
        (kinds.GUI_UNREACHABLE, unreachable),
        (kinds.GUI_FAILING, failing),
        (kinds.PROCESS_FAILING, _failing(report.mode, state)),
    ):
        if update_problems(kind, report.host, 0, report.mode, problems, now):
            changed |= {0, *(each["run"] for each in state["runs"] if each["state"] in kinds.OPEN_STATES)}
    return changed


def _end_run(run: int, host: str, now: float) -> None:
    """A builder unit has done all for a run: concatenations do not matter any more, and each client should have a ROOT file."""
    update_problems(kinds.CORRUPT_INPUT, host, run, kinds.CONCATENATION, {}, now)
    units = {row.host for table in (TransferClient, TransferProcess) for row in table.select(table.host).where(table.run == run).distinct()}
    for unit in sorted(units):
        update_problems(kinds.FILE_MISSING, unit, run, kinds.SNAPSHOT, {}, now)
        update_problems(kinds.FILE_MISSING, unit, run, kinds.ROOT_FILE, missing_root_files(run, unit), now)


def _store_run_state(run: int, host: str, mode: str, state: str, waiting_for: list[str], now: float) -> bool:
    """Store the state of a run; returns whether something is new."""
    key = {"run": run, "host": host, "mode": mode}
    waiting = json.dumps(waiting_for, ensure_ascii=False)
    row = TransferRunState.get_or_none(**key)
    if row is None:
        TransferRunState.create(**key, state=state, since=now, waiting_for=waiting)
        return True
    if (row.state, row.waiting_for) == (state, waiting):
        return False
    values = {"state": state, "waiting_for": waiting, "since": row.since if row.state == state else now}
    TransferRunState.update(values).where(TransferRunState.id == row.id).execute()
    return True


def _failing(mode: str, state: Mapping[str, Any]) -> dict[str, str]:
    """What keeps a process from its work, of itself or for a run."""
    return {kinds.MODE_WORDS[mode]: state["error"]} if state["error"] else {}


def _held_up(run: Mapping[str, Any], now: float) -> dict[str, str]:
    """Why a run has not ended at a builder unit, long after the begin of a newer one."""
    is_newer = TransferRun.run > run["run"], TransferRun.began < now - HELD_UP_S
    if run["state"] != kinds.ONGOING or not TransferRun.select().where(*is_newer).exists():
        return {}
    return {kinds.MODE_WORDS[kinds.BU]: f"a newer run has begun; this one waits for {', '.join(run['waiting_for']) or 'its end'}"}


def _end_absent(host: str, mode: str, runs: Sequence[int], before: float, now: float) -> list[int]:
    """End the runs that a process has left; returns them.

    Args:
        host, mode: The process.
        runs: Those that it names.
        before: Only runs without news since then.
    """
    is_absent = TransferRunState.host == host, TransferRunState.mode == mode, TransferRunState.run.not_in(runs)
    is_open = TransferRunState.state.in_(kinds.OPEN_STATES)
    is_old = TransferRunState.run.in_(TransferRun.select(TransferRun.run).where(TransferRun.changed <= before))
    found = list(TransferRunState.select().where(*is_absent, is_open, is_old))
    values = {"state": kinds.OVER, "since": now, "waiting_for": "[]"}
    if found:
        TransferRunState.update(values).where(TransferRunState.id.in_([row.id for row in found])).execute()
    return [row.run for row in found]


def _store_disks(host: str, mode: str, disks: Mapping[str, float], mark: float, now: float) -> bool:
    full = {place: f"more than {mark:.0%} used, its mark" for place, used in disks.items() if used > mark}
    return update_problems(kinds.DISK_FULL, host, 0, mode, full, now)
