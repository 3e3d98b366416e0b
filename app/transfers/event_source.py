"""The problems of the transfer as events that notifications are sent about."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

from app.core.events import Event, EventKind, EventSource, Subject
from app.transfers.kinds import (
    CORRUPT_INPUT,
    DISK_FULL,
    END_LATE,
    FILE_MISSING,
    GUI_FAILING,
    GUI_UNREACHABLE,
    MERGE_FAILED,
    NOT_SENT,
    PROBLEM_KINDS,
    PROCESS_FAILING,
)
from app.transfers.silence_events import SILENT, SYSTEM, event_id, host_of, is_silence_open, silent_events, subject_of

if TYPE_CHECKING:
    from app.core.settings import Settings
    from app.transfers.models import TransferProblem

MOST_EVENTS = 1000
NAMED = 10
"""Problems that the text of an event names."""


class TransferEvents(EventSource):
    """Files that are missing, damaged or not sent, failed merges, GUI machines without files, full disks, silent processes."""

    name = "transfers"
    systems = (SYSTEM,)
    kinds = (
        EventKind(FILE_MISSING, is_problem=True, is_persistent=True),
        EventKind(NOT_SENT, is_problem=True, is_persistent=True),
        EventKind(CORRUPT_INPUT, is_problem=True),
        EventKind(MERGE_FAILED, is_problem=True, is_persistent=True),
        EventKind(GUI_UNREACHABLE, is_problem=True, is_persistent=True),
        EventKind(GUI_FAILING, is_problem=True, is_persistent=True),
        EventKind(PROCESS_FAILING, is_problem=True, is_persistent=True),
        EventKind(END_LATE, is_problem=True, is_persistent=True),
        EventKind(DISK_FULL, is_problem=True, is_persistent=True),
        EventKind(SILENT, is_problem=True, is_persistent=True),
    )

    def active_systems(self, settings: Settings) -> Sequence[str]:
        """The transfer: a process may report at any time."""
        return self.systems

    def find(self, system: str, since: float, until: float, kinds: Collection[str] | None = None) -> list[Event]:
        """The problems that began, and the processes that became silent."""
        wanted = [kind for kind in PROBLEM_KINDS if kinds is None or kind in kinds]
        found = [_group_event(group) for group in _groups(wanted, since, until)]
        if kinds is None or SILENT in kinds:
            found += silent_events(since, until)
        return sorted(found, key=lambda event: (-event.at, event.id))[:MOST_EVENTS]

    def subject(self, event: Event) -> Subject:
        """The client, GUI machine, disk, file or process; of several their host."""
        if event.kind == SILENT:
            return Subject(subject_of(event), host_of(event))
        group = _group_of(event)
        if not group:
            return Subject(event.key)
        row = group[0]
        names = [f"run {row.run}"] * bool(row.run) + [row.host, row.origin] + [row.subject] * (len(group) == 1)
        return Subject(" ".join(names), row.host)

    def is_open(self, event: Event) -> bool:
        """Whether one of the problems lasts, or the process is still silent."""
        if event.kind == SILENT:
            return is_silence_open(event)
        return any(row.ended is None for row in _group_of(event))

    def path(self, event: Event) -> str:
        """The page of the run or of the host."""
        from urllib.parse import quote

        if event.run:
            return f"/transfers/runs/{event.run}"
        host = (
            host_of(event)
            if event.kind == SILENT
            else next((row.host for row in _group_of(event) if not row.run and event.kind in (DISK_FULL, NOT_SENT, PROCESS_FAILING)), "")
        )
        return f"/transfers/hosts/{quote(host)}" if host else "/transfers"

    def is_kept(self, event: Event) -> bool:
        """Whether its problems are still stored; they are removed with their run."""
        return event.kind == SILENT or bool(_group_of(event))

    def hosts(self, settings: Settings) -> Iterable[str]:
        """The hosts that have reported."""
        from app.core.database import rows
        from app.transfers.models import TransferHost

        return {host for (host,) in rows(TransferHost.select(TransferHost.host).distinct())}


def _groups(kinds: Sequence[str], since: float, until: float) -> Iterator[list[TransferProblem]]:
    """The problems that began. Those that began with one report of a host are one group: a full disk holds up all its files."""
    from app.transfers.models import TransferProblem

    for kind in kinds:  # the index begins with it
        is_new = TransferProblem.kind == kind, TransferProblem.began.between(since, until)
        groups: dict[tuple[object, ...], list[TransferProblem]] = {}
        for row in TransferProblem.select().where(*is_new).order_by(TransferProblem.began.desc(), TransferProblem.id).limit(MOST_EVENTS):
            groups.setdefault((row.began, row.host, row.run, row.origin), []).append(row)
        yield from groups.values()


def _group_of(event: Event) -> list[TransferProblem]:
    """The problems of an event; none if they were removed, and for a silent process."""
    from app.transfers.models import TransferProblem

    row = TransferProblem.get_or_none(TransferProblem.id == int(event.key)) if event.key.isdecimal() else None
    if row is None:
        return []
    same = [getattr(TransferProblem, name) == getattr(row, name) for name in ("kind", "began", "host", "run", "origin")]
    return list(TransferProblem.select().where(*same).order_by(TransferProblem.id))


def _group_event(group: Sequence[TransferProblem]) -> Event:
    from app.core.text import one_line

    row, named = group[0], [f"{one_line(each.subject)}: {one_line(each.text)}" for each in group[:NAMED]]
    text = one_line(row.text) if len(group) == 1 else "; ".join(named) + (" ..." if len(group) > NAMED else "")
    key = f"{row.id} {row.began!r} {row.host} {row.subject}"
    return Event(event_id(row.kind, key), SYSTEM, row.kind, row.run or None, str(row.id), row.began, _title(row, len(group)), text)


def _title(row: TransferProblem, count: int) -> str:
    """The title of a group of problems. row: the first of them."""
    from app.core.text import one_line

    subject = one_line(row.subject)
    if row.kind == FILE_MISSING:
        what = f"a file of {subject} on {row.host} is missing" if count == 1 else f"files of {count} clients on {row.host} are missing"
        return f"Run {row.run}: {what}"
    if row.kind == NOT_SENT:
        what = f"files of {subject}" if row.run and count == 1 else f"files of {count} clients" if row.run else "files"
        return (f"Run {row.run}: " if row.run else "The transfer: ") + f"{what} wait on {row.host}"
    if row.kind == CORRUPT_INPUT:
        return f"Run {row.run}: " + (f"{subject} was" if count == 1 else f"{count} files were") + f" left out of a {row.origin}"
    if row.kind == MERGE_FAILED:
        return f"Run {row.run}: its ROOT files could not be merged"
    if row.kind == GUI_UNREACHABLE:
        return (f"GUI machine {subject} is" if count == 1 else f"{count} GUI machines are") + f" unreachable from {row.host}"
    if row.kind == PROCESS_FAILING:
        return (f"Run {row.run}: the" if row.run else "The") + f" {subject} {row.host} cannot do its work"
    if row.kind == END_LATE:
        return f"Run {row.run}: its end is held up on {row.host}"
    if row.kind == GUI_FAILING:
        return (f"GUI machine {subject} gets" if count == 1 else f"{count} GUI machines get") + f" no files from {row.host}"
    return f"Disk {subject} of {row.host} is above its mark" if count == 1 else f"{count} disks of {row.host} are above their mark"
