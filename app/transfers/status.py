"""State of the transfer for the status page and /metrics."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from peewee import fn

from app.core.area import StatusLine
from app.core.database import rows
from app.core.metrics import gauge
from app.core.settings import Settings
from app.core.text import counted
from app.transfers import kinds
from app.transfers.hosts import GuiMachine, HostTransfers, gui_machines, hosts
from app.transfers.models import TransferProblem
from app.transfers.settings import TransfersSettings
from app.transfers.silence import RETIRED_S

if TYPE_CHECKING:
    from prometheus_client import Metric

TITLES = {kinds.FU: "filter units", kinds.BU: "builder units", kinds.CLEANUP: "clean-up"}
DAY_S = 86400.0
OF_ENDED_RUNS = (kinds.ROOT_FILE, kinds.MERGE)
"""Origins of problems that only a late file ends."""
SKEW_S = 60.0
"""A clock that is further ahead or behind gets a warning."""
NAMED = 5
"""Problems that a line names."""
PROBLEM_LINES = (
    ("disks", kinds.DISK_FULL, "disk", "fuller than allowed"),
    ("unsent files", kinds.NOT_SENT, "cause", "for which files wait"),
    ("missing files", kinds.FILE_MISSING, "client", "without a file that should be there"),
    ("damaged files", kinds.CORRUPT_INPUT, "file", "left out"),
    ("ends of runs", kinds.END_LATE, "run", "whose end is held up"),
    ("merges", kinds.MERGE_FAILED, "run", "could not be merged"),
)
"""The lines on problems: name, kind, and the text after their number."""


def status_lines(settings: Settings) -> Iterator[StatusLine]:
    """Lines on the processes of each mode, GUI machines, disks and files; none before the first report."""
    silent_s = settings.of(TransfersSettings).transfer_silent_s
    found = [host for host in hosts(silent_s) if host.age_s < RETIRED_S]
    for mode, title in TITLES.items():
        if of_mode := [host for host in found if host.mode == mode]:
            yield _mode_line(f"transfer: {title}", of_mode)
    for machine in gui_machines(silent_s):
        if any(host.host == machine.builder for host in found):
            yield _gui_line(machine)
    if found:
        counts = _counts()
        for name, kind, noun, words in PROBLEM_LINES:
            yield _problem_line(f"transfer: {name}", kind, counts[kind], f"{counted(counts[kind], noun)} {words}")


def _is_lasting() -> tuple[Any, Any]:
    """What a problem that lasts is. What a run that is over lacks will not come any more: it counts for a day."""
    is_recent = TransferProblem.origin.not_in(OF_ENDED_RUNS) | (TransferProblem.began > time.time() - DAY_S)
    return TransferProblem.ended.is_null(), is_recent


def _counts() -> Counter[str]:
    """The number of the problems that last, by kind."""
    return Counter(
        dict(
            rows(
                TransferProblem.select(TransferProblem.kind, fn.COUNT(TransferProblem.id))
                .where(*_is_lasting())
                .group_by(TransferProblem.kind)
            )
        )
    )


def _newest(kind: str) -> list[TransferProblem]:
    """The newest problems of a kind that last."""
    found = TransferProblem.select().where(TransferProblem.kind == kind, *_is_lasting())
    return list(found.order_by(TransferProblem.began.desc(), TransferProblem.id.desc()).limit(NAMED))


def _mode_line(name: str, found: Sequence[HostTransfers]) -> StatusLine:
    silent = [host.host for host in found if host.is_silent]
    age_s = max(host.age_s for host in found)
    details = [f"The clock of {host.host} is {host.skew_s:+,.0f} s off" for host in found if abs(host.skew_s) > SKEW_S]
    details += [f"{host.host} lost {counted(host.dropped, 'record')}" for host in found if host.dropped]
    details += [f"{host.host}: {host.state['error']}" for host in found if host.state.get("error")]
    details += [f"{counted(host.refused, 'record')} of {host.host} could not be used: {host.problem}" for host in found if host.refused]
    detail = "; ".join(details[:NAMED])
    if silent:
        return StatusLine(
            name, "down", f"{len(silent)} of {counted(len(found), 'host')} silent: {', '.join(silent[:NAMED])}", age_s, detail
        )
    has_warning = any(abs(host.skew_s) > SKEW_S or host.state.get("error") for host in found)
    return StatusLine(name, "warn" if has_warning else "ok", f"{counted(len(found), 'host')} reporting", age_s, detail)


def _gui_line(machine: GuiMachine) -> StatusLine:
    name, waiting = f"transfer: GUI machine {machine.name}", counted(machine.waiting, "file") + " waiting"
    if not machine.is_current:
        return StatusLine(name, "idle", f"not known: {machine.builder} is silent")
    if not machine.is_reachable:
        return StatusLine(name, "down", f"unreachable from {machine.builder}, {waiting}", detail=machine.error)
    if machine.is_failing:
        return StatusLine(name, "down", f"gets no files from {machine.builder}, {waiting}", detail=machine.error)
    return StatusLine(name, "warn" if machine.error else "ok", f"reachable, {waiting}", detail=machine.error)


def _problem_line(name: str, kind: str, count: int, text: str) -> StatusLine:
    if not count:
        return StatusLine(name, "ok", "none")
    named = [f"{f'run {each.run}, ' if each.run else ''}{each.host}, {each.subject}: {each.text}" for each in _newest(kind)]
    return StatusLine(name, "warn", text, detail="; ".join(named))


def metrics(settings: Settings) -> Iterator[Metric]:
    """Ages, clocks and losses of the processes, disks, GUI machines, and lasting problems by kind."""
    silent_s = settings.of(TransfersSettings).transfer_silent_s
    found = [host for host in hosts(silent_s) if host.age_s < RETIRED_S]
    names = [{"host": host.host, "mode": host.mode} for host in found]
    for name, help, values in (
        ("report_age_seconds", "Time since the last report of a process of the transfer", [host.age_s for host in found]),
        ("clock_skew_seconds", "How far the clock of a host is ahead", [host.skew_s for host in found]),
        ("dropped_records", "Records that a process of the transfer lost", [host.dropped for host in found]),
        ("refused_records", "Records of a process of the transfer that could not be used", [host.refused for host in found]),
    ):
        yield gauge(f"dqmhub_transfer_{name}", help, zip(names, values, strict=True))
    disks = [({"host": host.host, "mode": host.mode, "place": place}, used) for host in found for place, used in host.disks.items()]
    yield gauge("dqmhub_transfer_disk_used_ratio", "Used fraction of a disk of the transfer", disks)
    queued = [({"host": host.host}, host.state.get("queued", 0)) for host in found if host.mode == kinds.FU]
    yield gauge("dqmhub_transfer_queued_files", "Files that wait on a filter unit", queued)
    machines = [({"builder": each.builder, "gui_machine": each.name}, each) for each in gui_machines(silent_s) if each.is_current]
    reachable = [(labels, float(each.is_reachable)) for labels, each in machines]
    yield gauge("dqmhub_transfer_gui_machine_reachable", "Whether a builder unit reaches a GUI machine", reachable)
    failing = [(labels, float(each.is_failing)) for labels, each in machines]
    yield gauge("dqmhub_transfer_gui_machine_failing", "Whether a GUI machine that is reached gets no files", failing)
    waiting = [(labels, each.waiting) for labels, each in machines]
    yield gauge("dqmhub_transfer_waiting_files", "Files that wait for a GUI machine", waiting)
    counts = _counts()
    yield gauge(
        "dqmhub_transfer_problems", "Problems of the transfer that last", [({"kind": kind}, counts[kind]) for kind in kinds.PROBLEM_KINDS]
    )
