"""What is known of the transfer of runs. Times are Unix s by the clock of the hub."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Sequence
from typing import Any, NamedTuple

from peewee import SQL, fn

from app.core.database import rows
from app.transfers import kinds
from app.transfers.clients import ClientTransfers, clients
from app.transfers.errors import UnknownTransferRun
from app.transfers.models import (
    TransferClient,
    TransferProblem,
    TransferRun,
    TransferRunState,
)
from app.transfers.product_models import TransferConcatenation, TransferDelivery, TransferMerge
from app.transfers.silence import RETIRED_S, serving_hosts, silent_limit_s, silent_processes


class TransferSummary(NamedTuple):
    """A run in the list.

    Attributes:
        state: One of RUN_STATES; "" if no state was reported, or if nobody reports any more whether the run goes on.
        began, changed: First and last report with something new.
        hosts, clients: Filter units and clients that sent a file.
        snapshots, snapshot_bytes, root_files, root_bytes: Files that were sent, and their size.
        concatenations, merges: Kept concatenations, and merges that were accepted.
        errors: Clients with a file that could not be sent, and failed deliveries without a later one.
        missing: Files that are missing.
        corrupt: Files that were left out as damaged.
    """

    run: int
    state: str
    began: float
    changed: float
    hosts: int
    clients: int
    snapshots: int
    snapshot_bytes: int
    root_files: int
    root_bytes: int
    concatenations: int
    merges: int
    errors: int
    missing: int
    corrupt: int


class RunHost(NamedTuple):
    """The state of a run on a host.

    Attributes:
        is_silent: Its process does not report any more: the state is what it was then.
    """

    host: str
    mode: str
    state: str
    since: float
    waiting_for: list[str]
    is_silent: bool


class RunProblem(NamedTuple):
    """A problem; ended: None while it lasts."""

    kind: str
    host: str
    run: int
    origin: str
    subject: str
    text: str
    began: float
    ended: float | None


class RunTransfers(NamedTuple):
    """The transfer of a run.

    Attributes:
        clients: Those with missing files first, then by host and client.
        problems: Those of the run; while it goes on those of its hosts, too.
    """

    run: int
    state: str
    began: float
    changed: float
    version: int
    hosts: list[RunHost]
    clients: list[ClientTransfers]
    problems: list[RunProblem]


MAX_PROBLEMS = 200
UNKNOWN = {
    kinds.FU: "it does not report: whether files are sent is not known",
    kinds.BU: "it does not report: concatenations, merges and deliveries are not known",
    kinds.CLEANUP: "it does not report: whether files are removed is not known",
}
"""What a silent process leaves unknown."""
NO_PROCESS = "the builder unit waits for it, and no process of the transfer has reported from it"


def runs(limit: int = 50, before: int = 0) -> list[TransferSummary]:
    """The runs, the newest first. before: only runs with a smaller number; 0 for all."""
    query = TransferRun.select().order_by(TransferRun.run.desc()).limit(limit)
    found = list(query.where(TransferRun.run < before) if before else query)
    numbers = [row.run for row in found]
    states, sent, counts = _states(numbers), _sent(numbers), _counts(numbers)
    return [_summary(row, states.get(row.run, []), sent.get(row.run, (0,) * 7), counts) for row in found]


def _summary(row: TransferRun, hosts: Sequence[RunHost], sent: Sequence[int], counts: dict[str, dict[int, int]]) -> TransferSummary:
    number = {name: by_run.get(row.run, 0) for name, by_run in counts.items()}
    return TransferSummary(
        row.run,
        _state_of(hosts),
        row.began,
        row.changed,
        sent[0],
        sent[1],
        sent[2],
        sent[3],
        sent[4],
        sent[5],
        number["concatenations"],
        number["merges"],
        sent[6] + number["failed deliveries"],
        number[kinds.FILE_MISSING],
        number[kinds.CORRUPT_INPUT],
    )


def run(number: int) -> RunTransfers:
    """All about a run but its products. Raises UnknownTransferRun."""
    row = TransferRun.get_or_none(TransferRun.run == number) if 0 < number < 2**31 else None
    if row is None:
        raise UnknownTransferRun(f"Nothing was reported of the transfer of run {number}")
    hosts = _states([number]).get(number, [])
    problems = problems_of(number)
    oldest_first = reversed(problems)
    missing = {(each.host, each.subject): each.text for each in oldest_first if each.kind == kinds.FILE_MISSING and each.ended is None}
    problems = problems_of_hosts(hosts) + problems
    return RunTransfers(number, _state_of(hosts), row.began, row.changed, row.version, hosts, clients(number, missing), problems)


def has_run(number: int) -> bool:
    """Whether something was reported of a run."""
    return run_version(number) is not None


def run_version(number: int) -> int | None:
    """A number that grows when something new is reported of a run; None: nothing was."""
    found = rows(TransferRun.select(TransferRun.version).where(TransferRun.run == number)) if 0 < number < 2**31 else []
    return int(found[0][0]) if found else None


def problems_of(run: int) -> list[RunProblem]:
    """The problems of a run, those that last first, then the newest; 0: those of hosts and GUI machines."""
    order = TransferProblem.ended.is_null(False), TransferProblem.began.desc(), TransferProblem.id.desc()
    return _problems(TransferProblem.select().where(TransferProblem.run == run).order_by(*order))


def lasting_problems(runs: Sequence[int]) -> list[RunProblem]:
    """The problems of runs that last: silent processes, those of hosts and GUI machines (run 0), then those of the newest run."""
    order = TransferProblem.run == 0, TransferProblem.run, TransferProblem.began, TransferProblem.id
    is_wanted = TransferProblem.run.in_(runs), TransferProblem.ended.is_null()
    found = _problems(TransferProblem.select().where(*is_wanted).order_by(*(each.desc() for each in order)))
    return (silent_problems() if 0 in runs else []) + found


def silent_problems() -> list[RunProblem]:
    """The silent processes as problems, builder units first; not those that were taken out of service."""
    now = time.time()
    silent = [each for each in silent_processes(silent_limit_s(), now) if now - each.at < RETIRED_S]
    ordered = sorted(silent, key=lambda each: (each.mode != kinds.BU, each.at))
    return [
        RunProblem(kinds.SILENT, each.host, 0, each.mode, kinds.MODE_WORDS[each.mode], UNKNOWN[each.mode], each.at, None)
        for each in ordered
    ]


def problems_of_hosts(hosts: Sequence[RunHost]) -> list[RunProblem]:
    """What is wrong at the hosts of a run that goes on, and the filter units without a process that it waits for."""
    open_ones = [each for each in hosts if each.state in kinds.OPEN_STATES]
    if not open_ones:
        return []
    names = {(each.host, each.mode) for each in open_ones}
    found = [each for each in lasting_problems([0]) if (each.host, each.origin) in names and each.kind != kinds.DISK_FULL]
    serving, units = serving_hosts(), {each.host for each in hosts if each.mode == kinds.FU}
    for builder in open_ones:
        waited = builder.waiting_for if builder.state == kinds.ONGOING and not builder.is_silent else []
        lost = [host for host in waited if host not in units and (host, kinds.FU) not in serving]
        found += [RunProblem(kinds.SILENT, host, 0, kinds.FU, kinds.MODE_WORDS[kinds.FU], NO_PROCESS, builder.since, None) for host in lost]
    return found


def _problems(query: Any) -> list[RunProblem]:
    found = query.limit(MAX_PROBLEMS)
    return [RunProblem(each.kind, each.host, each.run, each.origin, each.subject, each.text, each.began, each.ended) for each in found]


def _state_of(hosts: Sequence[RunHost]) -> str:
    """The state of a run: that at the builder unit, which has the run longest; else the earliest at a filter unit.

    That a run goes on is not known any more from a host that is silent; then only others that still have it say so.
    """
    known = [host for host in hosts if not (host.is_silent and host.state in kinds.OPEN_STATES)]
    builders = [host for host in known if host.mode == kinds.BU]
    units = [host for host in known if len(known) == len(hosts) or host.state in kinds.OPEN_STATES]
    chosen = [kinds.RUN_STATES.index(host.state) for host in builders or units]
    return kinds.RUN_STATES[min(chosen)] if chosen else ""


def _states(numbers: Sequence[int]) -> dict[int, list[RunHost]]:
    found, serving = defaultdict(list), serving_hosts()
    query = TransferRunState.select().where(TransferRunState.run.in_(numbers))
    for row in query.order_by(TransferRunState.mode.desc(), TransferRunState.host):
        is_silent = (row.host, row.mode) not in serving
        found[row.run].append(RunHost(row.host, row.mode, row.state, row.since, row.value_of("waiting_for"), is_silent))
    return found


def _sent(numbers: Sequence[int]) -> dict[int, tuple[int, ...]]:
    """Of each run: hosts, clients, snapshots, their size, ROOT files, their size, clients with an error."""
    client = TransferClient
    is_sent = (client.root_sent > 0).cast("integer")
    columns = (
        fn.COUNT(client.host.distinct()),
        fn.COUNT(client.id),
        fn.SUM(client.snapshots),
        fn.SUM(client.snapshot_bytes),
        fn.SUM(is_sent),
        fn.SUM(is_sent * client.root_size),
        fn.SUM((client.error != "").cast("integer")),
    )
    query = client.select(client.run, *columns).where(client.run.in_(numbers)).group_by(client.run)
    return {number: tuple(int(value or 0) for value in values) for number, *values in rows(query)}


def _counts(numbers: Sequence[int]) -> dict[str, dict[int, int]]:
    """Numbers of what each run has, by kind."""
    problem = TransferProblem
    is_open = problem.ended.is_null()
    return {
        "concatenations": _count(TransferConcatenation, numbers),
        "merges": _count(TransferMerge, numbers, TransferMerge.accepted == 1),
        "failed deliveries": _count(TransferDelivery, numbers, TransferDelivery.error != "", ~fn.EXISTS(_later_success())),
        kinds.FILE_MISSING: _count(problem, numbers, is_open, problem.kind == kinds.FILE_MISSING),
        kinds.CORRUPT_INPUT: _count(problem, numbers, is_open, problem.kind == kinds.CORRUPT_INPUT),
    }


def _later_success() -> Any:
    """A query of deliveries of a newer file of the same kind to the same GUI machine: then nobody waits for the older one."""
    later = TransferDelivery.alias()
    is_same = later.run == TransferDelivery.run, later.gui_machine == TransferDelivery.gui_machine, later.what == TransferDelivery.what
    return later.select(SQL("1")).where(*is_same, later.made > TransferDelivery.made, later.error == "")


def _count(table: Any, numbers: Sequence[int], *where: Any) -> dict[int, int]:
    query = table.select(table.run, fn.COUNT(table.id)).where(table.run.in_(numbers), *where).group_by(table.run)
    return dict(rows(query))
