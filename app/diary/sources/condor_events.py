"""The text of HTCondor's event logs.

An event is a line with number, job, time and title, further lines, and a line `...`:

    005 (1234.000.000) 2026-11-28 16:30:00 Job terminated.
        (1) Normal termination (return value 7)
    ...
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, tzinfo
from typing import NamedTuple

from app.diary.sources.dates import last_such_date

MAX_EVENT = 1 << 18
"""Longest event, bytes."""
OUT_OF_ORDER_S = 60.0
"""Events of different jobs may be written so much out of their order."""

_END = re.compile(rb"^\.\.\.[ \t\r]*\n", re.MULTILINE)
_FIRST = re.compile(
    r"(\d{3}) \((\d{1,18})\.(-?\d{1,18})\.(-?\d{1,18})\) "
    r"(?:(\d{4})-(\d\d)-(\d\d)[ T]|(\d\d)/(\d\d) )(\d\d):(\d\d):(\d\d)(\.\d{1,6})?(Z?)(?: (.*))?"
)
_VALUE = re.compile(r"([A-Za-z_]\w*) = (.*)")


class CondorEvent(NamedTuple):
    """An event of a job."""

    code: int
    cluster: int
    proc: int  # -1: of the cluster
    at: float  # Unix s UTC
    title: str  # rest of its first line
    lines: tuple[str, ...]  # further lines

    @property
    def native_id(self) -> str:
        """Id of the job, as `condor_q` prints it."""
        return f"{self.cluster}.{self.proc}"

    @property
    def text(self) -> str:
        """All further lines."""
        return "\n".join(self.lines)

    def values(self) -> dict[str, str]:
        """The attributes of an event that has some, texts without their quotes."""
        found = (_VALUE.fullmatch(line.strip()) for line in self.lines)
        return {match[1]: _unquoted(match[2]) for match in found if match}


def split_events(text: bytes) -> tuple[list[bytes], int]:
    """The whole events of a text, and their length, after which an event may be written now."""
    events, start = [], 0
    for end in _END.finditer(text):
        events.append(text[start : end.start()])
        start = end.end()
    return events, start


def event_of(text: str, zone: tzinfo, now: float, previous: float = 0.0) -> CondorEvent:
    """An event, from its text without the last line.

    Args:
        text: First and further lines.
        zone: Of times that name none.
        now: Unix s UTC. A date without a year is the last such one, up to a day after it.
        previous: Time of the event before it in the log, Unix s UTC, by which the hour that autumn repeats is told apart; 0: unknown.

    Raises:
        ValueError: It is no event; the message is the reason.
    """
    first, *lines = text.strip("\r\n").split("\n")
    found = _FIRST.fullmatch(first.rstrip())
    if found is None:
        raise ValueError("The line has no number, job and time of an event")
    code, cluster, proc, _, year, month, day, old_month, old_day, hour, minute, second, fraction, is_utc, title = found.groups()
    clock, zone = (int(hour), int(minute), int(second)), UTC if is_utc else zone
    if year:
        at = datetime(int(year), int(month), int(day), *clock, tzinfo=zone)  # ValueError: no date of the calendar
    else:
        at = last_such_date(int(old_month), int(old_day), clock, zone, now)
    seconds = _unfolded(at, previous) + float(fraction or 0)
    return CondorEvent(int(code), int(cluster), int(proc), seconds, (title or "").strip(), tuple(lines))


def _unfolded(at: datetime, previous: float) -> float:
    """A time as Unix s: in the hour that autumn repeats, the second one if the log has come further than the first one."""
    first, second, earliest = at.timestamp(), at.replace(fold=1).timestamp(), previous - OUT_OF_ORDER_S
    return second if first < earliest <= second else first


def _unquoted(value: str) -> str:
    is_text = len(value) > 1 and value.startswith('"') and value.endswith('"')
    return re.sub(r"\\(.)", r"\1", value[1:-1]) if is_text else value
