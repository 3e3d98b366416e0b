"""What is known of the transfer of runs. Times are Unix s by the clock of the hub."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
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


class TransferSummary(NamedTuple):
    """A run in the list.

    Attributes:
        state: One of RUN_STATES; "" if no state was reported.
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
    """The state of a run on a host."""

    host: str
    mode: str
    state: str
    since: float
    waiting_for: list[str]


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
    """The transfer of a run. clients: those with missing files first, then by host and client."""

    run: int
    state: str
    began: float
    changed: float
    version: int
    hosts: list[RunHost]
    clients: list[ClientTransfers]
    problems: list[RunProblem]


MAX_PROBLEMS = 200


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
    """The problems of runs that last: those of hosts and GUI machines (run 0) first, then those of the newest run."""
    order = TransferProblem.run == 0, TransferProblem.run, TransferProblem.began, TransferProblem.id
    is_wanted = TransferProblem.run.in_(runs), TransferProblem.ended.is_null()
    return _problems(TransferProblem.select().where(*is_wanted).order_by(*(each.desc() for each in order)))


def _problems(query: Any) -> list[RunProblem]:
    found = query.limit(MAX_PROBLEMS)
    return [RunProblem(each.kind, each.host, each.run, each.origin, each.subject, each.text, each.began, each.ended) for each in found]


def _state_of(hosts: Iterable[RunHost]) -> str:
    """The state of a run: that at the builder unit, which has the run longest; else the earliest at a filter unit."""
    by_mode = defaultdict(list)
    for host in hosts:
        by_mode[host.mode].append(kinds.RUN_STATES.index(host.state))
    chosen = by_mode[kinds.BU] or by_mode[kinds.FU]
    return kinds.RUN_STATES[min(chosen)] if chosen else ""


def _states(numbers: Sequence[int]) -> dict[int, list[RunHost]]:
    found = defaultdict(list)
    query = TransferRunState.select().where(TransferRunState.run.in_(numbers))
    for row in query.order_by(TransferRunState.mode.desc(), TransferRunState.host):
        found[row.run].append(RunHost(row.host, row.mode, row.state, row.since, row.value_of("waiting_for")))
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
