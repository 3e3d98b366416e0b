"""/transfers: the runs, the processes of the transfer, the GUI machines, disks and clean-up."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from flask import Blueprint, Response
from peewee import fn

from app.core.database import rows
from app.security import Role, needs
from app.transfers import kinds
from app.transfers.hosts import CleanupRound, HostTransfers, cleanup_rounds, gui_machines, hosts
from app.transfers.models import TransferProcess
from app.transfers.pages.presenters import (
    MODE_TITLES,
    PATH,
    TransfersView,
    current_view,
    host_badge,
    is_retired,
    polled_page,
    processes_version,
    run_badge,
    transfers_settings,
)
from app.transfers.pages.problems import open_problems
from app.transfers.runs import lasting_problems, runs
from app.web import etag_of
from app.web.arguments import int_arg

blueprint = Blueprint("transfers", __name__)

PAGE_RUNS = 20
MOST_GOOD = 6
"""Processes without trouble that are all shown; more of them are folded."""
LARGEST_RUN = 2**31 - 1
"""Largest number that a reported run has."""


class ShownDisk(NamedTuple):
    """A disk; used and mark are fractions of it. hosts: those that see it in this place, such as all filter units that of the builder unit."""

    hosts: list[str]
    place: str
    used: float
    mark: float

    @property
    def is_full(self) -> bool:
        """Whether it is fuller than its mark."""
        return self.used > self.mark


class ShownCleanup(NamedTuple):
    """The clean-up of a GUI machine, and its last round that removed files; None: there was none."""

    host: HostTransfers
    last: CleanupRound | None


@blueprint.get(PATH)
@needs(Role.VIEWER)
def show_transfers() -> Response:
    """Everything, or with `before=` only older runs; 204 for a page that polls and is up to date."""
    before = int_arg("before", 0, LARGEST_RUN)
    version = etag_of(before, *processes_version(transfers_settings().transfer_silent_s))
    return polled_page("overview", version, lambda: _context(current_view(), before, version))


def _context(view: TransfersView, before: int, version: str) -> dict[str, Any]:
    settings = transfers_settings()
    found = hosts(settings.transfer_silent_s)
    serving = [host for host in found if not is_retired(host)]
    return {
        "view": view,
        "is_older": bool(before),
        "poll": view.link(PATH, before=before or "", since=version),
        "poll_s": settings.transfer_refresh_s,
        "silent_s": settings.transfer_silent_s,
        "zones": view.zone_links(PATH, before=before or ""),
        "mode_titles": MODE_TITLES,
        "host_badge": host_badge,
        "run_badge": run_badge,
        **_runs(view, before, serving),
        **({} if before else _hosts(found, serving, settings.transfer_silent_s)),
    }


def _runs(view: TransfersView, before: int, serving: Sequence[HostTransfers]) -> dict[str, Any]:
    """The runs, and the problems of them and of the hosts that serve: those of runs before the newest one that are over by themselves."""
    found = runs(PAGE_RUNS + 1, before)
    shown, names = found[:PAGE_RUNS], {host.host for host in serving}
    older = view.link(PATH, before=shown[-1].run) if len(found) > PAGE_RUNS else ""
    lasting = lasting_problems([*([] if before else [0]), *(row.run for row in shown)])
    problems = [each for each in lasting if each.run or each.host in names]
    ended = {row.run for row in shown[0 if before else 1 :] if row.state in (kinds.MERGED, kinds.OVER)}
    return {
        "runs": shown,
        "programs": programs([row.run for row in shown]),
        "older": older,
        "problems": open_problems(each for each in problems if each.run not in ended),
        "old_problems": open_problems(each for each in problems if each.run in ended),
        "failed_merges": {each.run for each in problems if each.kind == kinds.MERGE_FAILED},
    }


def programs(numbers: Sequence[int]) -> dict[int, int]:
    """The client programs that were seen in each run, on all hosts; also those that have not written anything."""
    process = TransferProcess
    count = fn.COUNT(process.host.concat("/").concat(process.program).distinct())
    return dict(rows(process.select(process.run, count).where(process.run.in_(numbers)).group_by(process.run)))


def _hosts(found: Sequence[HostTransfers], serving: Sequence[HostTransfers], silent_s: float) -> dict[str, Any]:
    mark, names = transfers_settings().transfer_disk_mark, {host.host for host in serving}
    troubled = [host for host in found if host_badge(host).kind in ("error", "warning") or host.skew_s]
    good = [host for host in found if host not in troubled]
    return {
        "hosts": sorted(troubled, key=lambda host: host_badge(host).kind != "error") + ([] if len(good) > MOST_GOOD else good),
        "good_hosts": good if len(good) > MOST_GOOD else [],
        "reporting": {host.host for host in found},
        "gui_machines": [each for each in gui_machines(silent_s) if each.builder in names],
        "disks": _shared_disks([disk for host in serving for disk in disks_of(host, mark)]),
        "cleanups": [_cleanup(host) for host in serving if host.mode == kinds.CLEANUP and host.state],
    }


def disks_of(host: HostTransfers, mark: float) -> list[ShownDisk]:
    """The disks of a process. mark: of hosts without a mark of their own."""
    return [ShownDisk([host.host], place, used, host.state.get("mark", mark)) for place, used in sorted(host.disks.items())]


def _shared_disks(found: Sequence[ShownDisk]) -> list[ShownDisk]:
    """The disks, those that are the fullest for their mark first; what several hosts see in one place, equally full, is one disk."""
    groups: dict[tuple[str, int, float], list[ShownDisk]] = {}
    for disk in found:
        groups.setdefault((disk.place, round(100 * disk.used), disk.mark), []).append(disk)
    disks = [max(group, key=lambda disk: disk.used)._replace(hosts=[disk.hosts[0] for disk in group]) for group in groups.values()]
    return sorted(disks, key=lambda disk: disk.mark - disk.used)


def _cleanup(host: HostTransfers) -> ShownCleanup:
    return ShownCleanup(host, next(iter(cleanup_rounds(host.host, 1)), None))
