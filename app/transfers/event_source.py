"""The problems of the transfer as events that notifications are sent about."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

from app.core.events import Event, EventKind, EventSource, Subject
from app.transfers.kinds import CORRUPT_INPUT, DISK_FULL, FILE_MISSING, GUI_UNREACHABLE, PROBLEM_KINDS

if TYPE_CHECKING:
    from app.core.settings import Settings
    from app.transfers.models import TransferHost, TransferProblem

SYSTEM = "transfers"
SILENT = "transfer-silent"
MOST_EVENTS = 1000
_PROCESS = "process:"
"""Begin of the key of an event about a process; others are numbers of problems."""


class TransferEvents(EventSource):
    """Files that are missing or damaged, GUI machines that cannot be reached, full disks, silent processes of the transfer."""

    name = "transfers"
    systems = (SYSTEM,)
    kinds = (
        EventKind(FILE_MISSING, is_problem=True, is_persistent=True),
        EventKind(CORRUPT_INPUT, is_problem=True),
        EventKind(GUI_UNREACHABLE, is_problem=True, is_persistent=True),
        EventKind(DISK_FULL, is_problem=True, is_persistent=True),
        EventKind(SILENT, is_problem=True, is_persistent=True),
    )

    def active_systems(self, settings: Settings) -> Sequence[str]:
        """The transfer: a process may report at any time."""
        return self.systems

    def find(self, system: str, since: float, until: float, kinds: Collection[str] | None = None) -> list[Event]:
        """The problems that began, and the processes that became silent."""
        wanted = [kind for kind in PROBLEM_KINDS if kinds is None or kind in kinds]
        found = [_problem_event(row) for row in _problems(wanted, since, until)]
        if kinds is None or SILENT in kinds:
            found += _silent_processes(since, until)
        return sorted(found, key=lambda event: (-event.at, event.id))[:MOST_EVENTS]

    def subject(self, event: Event) -> Subject:
        """The client, GUI machine, disk, file or process."""
        row = _problem(event)
        if row is None:
            return Subject(event.key, _host_of(event))
        run = f"run {row.run} " if row.run else ""
        return Subject(f"{run}{row.host} {row.origin} {row.subject}", row.host)

    def is_open(self, event: Event) -> bool:
        """Whether the problem lasts, or the process is still silent."""
        if event.kind == SILENT:
            return any(each.id == event.id for each in _silent_processes(event.at - 1, event.at + 1))
        row = _problem(event)
        return row is not None and row.ended is None

    def path(self, event: Event) -> str:
        """The page of the run or of the host."""
        from urllib.parse import quote

        row = _problem(event)
        host = row.host if row and event.kind == DISK_FULL else _host_of(event)
        return f"/transfers/runs/{event.run}" if event.run else f"/transfers/hosts/{quote(host)}" if host else "/transfers"

    def hosts(self, settings: Settings) -> Iterable[str]:
        """The hosts that have reported."""
        from app.core.database import rows
        from app.transfers.models import TransferHost

        return {host for (host,) in rows(TransferHost.select(TransferHost.host).distinct())}


def _problems(kinds: Sequence[str], since: float, until: float) -> Iterator[TransferProblem]:
    from app.transfers.models import TransferProblem

    for kind in kinds:  # the index begins with it
        is_new = TransferProblem.kind == kind, TransferProblem.began.between(since, until)
        yield from TransferProblem.select().where(*is_new).order_by(TransferProblem.began.desc()).limit(MOST_EVENTS)


def _problem(event: Event) -> TransferProblem | None:
    from app.transfers.models import TransferProblem

    if not event.key.isdecimal():
        return None
    found: TransferProblem | None = TransferProblem.get_or_none(TransferProblem.id == int(event.key))
    return found


def _problem_event(row: TransferProblem) -> Event:
    from app.core.text import one_line

    subject = one_line(row.subject)
    titles = {
        FILE_MISSING: f"Run {row.run}: a file of {subject} on {row.host} is missing",
        CORRUPT_INPUT: f"Run {row.run}: {subject} was left out of a {row.origin}",
        GUI_UNREACHABLE: f"GUI machine {subject} cannot be reached from {row.host}",
        DISK_FULL: f"Disk {subject} of {row.host} is above its mark",
    }
    key = f"{row.id} {row.began!r} {row.host} {row.subject}"
    return Event(_id(row.kind, key), SYSTEM, row.kind, row.run or None, str(row.id), row.began, titles[row.kind], one_line(row.text))


def _silent_processes(since: float, until: float) -> list[Event]:
    """Events of the processes that became silent in a time that has passed."""
    import time

    from app.core.settings import load
    from app.transfers.models import TransferHost
    from app.transfers.settings import TransfersSettings

    limit_s = load().of(TransfersSettings).transfer_silent_s
    last = min(until, time.time()) - limit_s
    rows = TransferHost.select().where(TransferHost.seen.between(since - limit_s, last)).limit(MOST_EVENTS)
    return [_silent_event(row, limit_s) for row in rows]


def _silent_event(row: TransferHost, limit_s: float) -> Event:
    title = f"The transfer ({row.mode}) on {row.host} is silent"
    text, key = f"no report for {limit_s:g} s", f"{_PROCESS}{row.mode} {row.host}"
    return Event(_id(SILENT, f"{key} {row.seen!r}"), SYSTEM, SILENT, None, key, row.seen + limit_s, title, text)


def _host_of(event: Event) -> str:
    return event.key.partition(" ")[2] if event.key.startswith(_PROCESS) else ""


def _id(kind: str, key: str) -> str:
    import hashlib

    return f"{kind}-{hashlib.sha256(key.encode(errors='replace')).hexdigest()[:20]}"
