"""Storing the state of a process, and the problems that it shows. Within a transaction on the version counter."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from app.transfers import kinds
from app.transfers.models import TransferClient, TransferProblem, TransferProcess, TransferRunState
from app.transfers.reports.missing import clients_of_run, missing_root_files, missing_snapshots
from app.transfers.reports.problems import update_problems
from app.transfers.reports.report import TransferReport
from app.transfers.settings import TransfersSettings


def store_state(report: TransferReport, settings: TransfersSettings, now: float) -> bool:
    """Store the parts of the state of a report that have tables; returns whether a problem began or ended.

    Args:
        report: Its state can be used.
        settings: Limits of what is a problem.
        now: Unix s by the clock of the hub.
    """
    state = report.state or {}
    if report.mode == kinds.FU:
        changed = _store_fu(report, state["runs"], settings, now)
        return _store_disks(report.host, report.mode, state["disks"], settings.transfer_disk_mark, now) or changed
    if report.mode == kinds.BU:
        changed = _store_bu(report, state, now)
        return _store_disks(report.host, report.mode, state["disks"], settings.transfer_disk_mark, now) or changed
    return _store_disks(report.host, report.mode, {state["folder"]: state["disk"] or 0.0}, state["mark"], now)


def changed_runs(before: Mapping[str, Any], after: Mapping[str, Any]) -> set[int]:
    """The runs whose part of the state of a process changed."""
    old, new = ({each["run"]: each for each in state.get("runs", ())} for state in (before, after))
    return {run for run in old.keys() | new.keys() if old.get(run) != new.get(run)}


def _store_fu(report: TransferReport, runs: Sequence[Mapping[str, Any]], settings: TransfersSettings, now: float) -> bool:
    lumis, changed, ongoing = settings.transfer_missing_lumis, False, set()
    reported = {record.run for record in report.records}
    for each in runs:
        run = each["run"]
        is_new = _store_run_state(run, report.host, report.mode, each["state"], [], now)
        running = _store_processes(run, report.host, each["clients"], report.now)
        if each["state"] == kinds.ONGOING:
            ongoing.add(run)
            found = missing_snapshots(clients_of_run(run, report.host, running), report.now, lumis)
            changed |= update_problems(kinds.FILE_MISSING, report.host, run, kinds.SNAPSHOT, found, now)
        elif each["state"] == kinds.OVER and (is_new or run in reported):
            found = missing_root_files(run, report.host)
            changed |= update_problems(kinds.FILE_MISSING, report.host, run, kinds.ROOT_FILE, found, now)
    _end_absent(report, [each["run"] for each in runs], now)
    for run in _runs_with_missing_snapshots(report.host) - ongoing:
        changed |= update_problems(kinds.FILE_MISSING, report.host, run, kinds.SNAPSHOT, {}, now)
    return changed


def _runs_with_missing_snapshots(host: str) -> set[int]:
    is_open = TransferProblem.ended.is_null(), TransferProblem.host == host, TransferProblem.origin == kinds.SNAPSHOT
    return {row.run for row in TransferProblem.select(TransferProblem.run).where(TransferProblem.kind == kinds.FILE_MISSING, *is_open)}


def _store_processes(run: int, host: str, clients: Iterable[Mapping[str, Any]], now: float) -> list[TransferProcess]:
    """Store the client processes that run; returns their rows. now: Unix s by the clock of the host."""
    is_same = TransferProcess.run == run, TransferProcess.host == host
    known, running = {row.pid: row for row in TransferProcess.select().where(*is_same)}, []
    for each in clients:
        values = {"program": each["client"], "client": each["tag"], "snapshot": each["snapshot"], "restarted": each["restarted"]}
        row = known.get(each["pid"])
        if row is None:
            row = known[each["pid"]] = TransferProcess.create(run=run, host=host, pid=each["pid"], first=now, last=now, **values)
        elif any(getattr(row, name) != value for name, value in values.items()):
            TransferProcess.update(values | {"last": now}).where(TransferProcess.id == row.id).execute()
            for name, value in values.items():
                setattr(row, name, value)
        running.append(row)
    return running


def _store_bu(report: TransferReport, state: Mapping[str, Any], now: float) -> bool:
    changed = False
    for each in state["runs"]:
        is_new = _store_run_state(each["run"], report.host, report.mode, each["state"], each["waiting_for"], now)
        if is_new and each["state"] in (kinds.MERGED, kinds.OVER):
            changed |= _end_run(each["run"], report.host, now)
    _end_absent(report, [each["run"] for each in state["runs"]], now)
    unreachable = {each["name"]: each["error"] or "no reason was reported" for each in state["gui_machines"] if not each["reachable"]}
    return update_problems(kinds.GUI_UNREACHABLE, report.host, 0, report.mode, unreachable, now) or changed


def _end_run(run: int, host: str, now: float) -> bool:
    """A builder unit has done all for a run: concatenations do not matter any more, and each client should have a ROOT file."""
    changed = update_problems(kinds.CORRUPT_INPUT, host, run, kinds.CONCATENATION, {}, now)
    units = {row.host for table in (TransferClient, TransferProcess) for row in table.select(table.host).where(table.run == run).distinct()}
    for unit in sorted(units):
        changed |= update_problems(kinds.FILE_MISSING, unit, run, kinds.ROOT_FILE, missing_root_files(run, unit), now)
    return changed


def _store_run_state(run: int, host: str, mode: str, state: str, waiting_for: list[str], now: float) -> bool:
    """Store the state of a run; returns whether it is another one."""
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
    return bool(row.state != state)


def _end_absent(report: TransferReport, runs: Sequence[int], now: float) -> None:
    """A run that a process does not report any more is over there: it may have ended while the process was not running."""
    is_absent = TransferRunState.host == report.host, TransferRunState.mode == report.mode, TransferRunState.run.not_in(runs)
    is_open = TransferRunState.state.in_([kinds.ONGOING, kinds.ENDING, kinds.MERGING])
    TransferRunState.update(state=kinds.OVER, since=now, waiting_for="[]").where(*is_absent, is_open).execute()


def _store_disks(host: str, mode: str, disks: Mapping[str, float], mark: float, now: float) -> bool:
    full = {place: f"{used:.1%} used, above the mark of {mark:.0%}" for place, used in disks.items() if used > mark}
    return update_problems(kinds.DISK_FULL, host, 0, mode, full, now)
