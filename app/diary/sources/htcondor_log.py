"""HTCondor by its event logs: those of jobs, of DAGs (`*.nodes.log`), or of a whole access point (`EVENT_LOG`)."""

from __future__ import annotations

import glob
import os
import re
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from hashlib import blake2b
from stat import S_ISREG
from typing import Any, BinaryIO, NamedTuple
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from app.core.settings import Settings
from app.diary import states
from app.diary.errors import BadSourceConfig
from app.diary.observations.observation import Observation
from app.diary.sources.condor_events import MAX_EVENT, CondorEvent, event_of, split_events
from app.diary.sources.condor_jobs import CondorJobs, LastEvent
from app.diary.sources.files import open_regular
from app.diary.sources.source import JobScan, JobSource, SourceKind, read_options

SUBMIT, EXECUTE, EVICTED, TERMINATED, IMAGE_SIZE, SHADOW_EXCEPTION, ABORTED = 0, 1, 4, 5, 6, 7, 9
SUSPENDED, UNSUSPENDED, HELD, RELEASED, NODE_EXECUTE = 10, 11, 12, 13, 14
DISCONNECTED, RECONNECTED, RECONNECT_FAILED, GRID_SUBMIT, AD_INFORMATION, STATUS_UNKNOWN = 22, 23, 24, 27, 28, 29
STATES = {
    **dict.fromkeys((SUBMIT, EVICTED, SHADOW_EXCEPTION, RELEASED, RECONNECT_FAILED, GRID_SUBMIT), states.PENDING),
    **dict.fromkeys((EXECUTE, NODE_EXECUTE, SUSPENDED, UNSUSPENDED, DISCONNECTED, RECONNECTED), states.RUNNING),
    HELD: states.HELD,
    ABORTED: states.CANCELLED,
    STATUS_UNKNOWN: states.UNKNOWN,
}
"""States by event; other events leave the state."""
SECRET_ATTRIBUTES = ("Args", "Arguments", "Env", "Environment")
"""Attributes that are not kept: arguments and variables of users may be passwords."""
MAX_FILES = 2000
HEAD = 256
"""First bytes of a file by which it is known again, with its number."""

_END = re.compile(r"\((?:0|1)\) (Normal|Abnormal) termination \((?:return value|signal) (-?\d{1,10})\)")
_SIZE = re.compile(r"(\d{1,15})  -  ResidentSetSize of job")
_SLOT = re.compile(r"SlotName: \S*@(\S+)")
_NODE = re.compile(r"DAG Node: (\S+)")
_HOST = re.compile(r"<([^:>?]+)")


@dataclass(frozen=True)
class EventLogOptions:
    """Options of a source of event logs.

    Attributes:
        files: Patterns of files, such as `/var/log/condor/EventLog*`, also of those that the log is rotated to.
        time_zone: Of times in the logs that name none: that of the access point.
        max_mib: Most that is read in one scan.
    """

    files: tuple[str, ...]
    time_zone: str = "UTC"
    max_mib: int = 16
    period_s: float = 30.0

    def __post_init__(self) -> None:
        if not self.files or not all(os.path.isabs(pattern) for pattern in self.files):
            raise BadSourceConfig("The option files must have whole paths, which begin with /")
        if not 1 <= self.max_mib <= 1024:
            raise BadSourceConfig("The option max_mib must be a whole number from 1 to 1024")
        try:
            ZoneInfo(self.time_zone)
        except (ZoneInfoNotFoundError, ValueError, OSError) as error:
            raise BadSourceConfig(f"Unknown time zone {self.time_zone}; an example is Europe/Zurich") from error


class ReadLog(NamedTuple):
    """How far a log is read."""

    position: int = 0  # of the first event that is not whole
    length: int = 0  # bytes of its beginning that have the hash
    digest: str = ""  # hash of its beginning, by which it is known again
    at: float = 0.0  # time of the last event that was read, Unix s UTC


class EventLogs(JobSource):
    """The events that were added since the last scan.

    The cursor has for each of the `files`, by device and number, how far it is read, and the unfinished `jobs`.
    """

    title = "HTCondor event logs"

    def __init__(self, name: str, options: EventLogOptions) -> None:
        super().__init__(name, options.period_s)
        self._options, self._zone = options, ZoneInfo(options.time_zone)

    def scan(self, cursor: Mapping[str, Any]) -> JobScan:
        """New events of all files, in the order of their last changes; what does not fit waits for the next scan."""
        reading = _Reading(self._zone, self._options.max_mib << 20, CondorJobs(cursor.get("jobs", {})))
        following = dict(list(cursor.get("files", {}).items())[-MAX_FILES:])  # also of files that are away for a moment
        for path, state in self._files():
            key = f"{state.st_dev}:{state.st_ino}"  # a file that the log is rotated to keeps its number
            before = ReadLog(*following.pop(key, ()))
            following[key] = before  # the last ones are kept
            if before.position == state.st_size:
                continue
            try:
                with open_regular(path) as file:
                    if os.path.samestat(os.fstat(file.fileno()), state):  # else it was rotated just now
                        following[key] = reading.read(path, file, state.st_size, before)
            except OSError as error:
                reading.quarantined.append((path, f"The file cannot be read: {error.strerror}"))
        return JobScan(reading.observations, {"files": following, "jobs": reading.jobs.stored()}, quarantined=reading.quarantined)

    def _files(self) -> list[tuple[str, os.stat_result]]:
        """The files, the last changed one at the end."""
        found = {}
        for path in sorted({path for pattern in self._options.files for path in glob.iglob(pattern, recursive=True)}):
            try:
                state = os.lstat(path)
            except OSError:  # it is being rotated
                continue
            if S_ISREG(state.st_mode):
                found[path] = state
        if len(found) > MAX_FILES:
            raise ValueError(f"More than {MAX_FILES:,} files have these names: {len(found):,}")
        return sorted(found.items(), key=lambda each: each[1].st_mtime)


class _Reading:
    """One scan: the events of some files as observations."""

    def __init__(self, zone: ZoneInfo, budget: int, jobs: CondorJobs) -> None:
        self._zone, self._budget, self._now = zone, budget, time.time()
        self.jobs = jobs
        self.observations: list[Observation] = []
        self.quarantined: list[tuple[str, str]] = []

    def read(self, path: str, file: BinaryIO, size: int, before: ReadLog) -> ReadLog:
        """Read on where the last scan ended, if it is still the file whose first bytes have this hash."""
        head = file.read(HEAD)
        is_same = before.position <= size and before.digest == _digest(head[: before.length])
        position, at = (before.position, before.at) if is_same else (0, 0.0)
        if self._budget > 0 and position < size:
            file.seek(position)
            text = file.read(min(self._budget, size - position))
            self._budget -= len(text)
            length, at = self._take(path, text, at)
            position += length
        return ReadLog(position, len(head), _digest(head), at)

    def _take(self, path: str, text: bytes, at: float) -> tuple[int, float]:
        """Observe the whole events of a text. Returns their length, and the time of the last one; at: that of the one before."""
        events, length = split_events(text)
        for each in events:
            at = self._observe(path, each.decode(errors="replace"), at)
        rest = len(text) - length
        if rest > MAX_EVENT:  # it has no end: what follows is another event
            self.quarantined.append((text[length : length + MAX_EVENT].decode(errors="replace"), "The event has no end"))
            return len(text), at
        return length, at

    def _observe(self, path: str, text: str, at: float) -> float:
        """Observe an event. Returns its time."""
        if not text.strip():
            return at
        try:
            event = event_of(text, self._zone, self._now, at)
        except ValueError as error:
            self.quarantined.append((text, str(error)))
            return at
        last = self.jobs.last(path, event.native_id)
        for found in _observations(event, last):
            known = found if found.submitted or not last else replace(found, submitted=last.submitted)
            self.jobs.note(path, known)
            self.observations.append(known)
        return event.at


def _observations(event: CondorEvent, last: LastEvent | None) -> Iterator[Observation]:
    """The observation of a job from an event, with or without its last event."""
    if event.proc < 0:  # of a cluster, not of a job
        return
    if event.code == TERMINATED:
        yield _termination(event)
    elif event.code in STATES:
        yield _change(event)
    elif event.code == IMAGE_SIZE and last and (found := _SIZE.search(event.text)):  # it has no state
        yield Observation(event.native_id, event.at, last.state, metrics={"rss_kb": int(found[1])})
    elif event.code == AD_INFORMATION:
        ad = event.values()
        if state := last.state if last else _state_of(ad):
            yield _of_ad(event, ad, state)


def _state_of(ad: Mapping[str, str]) -> str:
    """The state after the event that an ad follows; "": unknown."""
    code = ad.get("TriggerEventTypeNumber", "")
    if code == str(TERMINATED) and "TerminatedNormally" in ad:
        return states.DONE if ad.get("ReturnValue") == "0" else states.FAILED
    return STATES.get(int(code), "") if code.isdecimal() else ""


def _of_ad(event: CondorEvent, ad: Mapping[str, str], state: str) -> Observation:
    """Attributes of the job, which follow another event where the access point is configured so."""
    schedd = ad.get("GlobalJobId", "").partition("#")[0]
    return Observation(
        event.native_id,
        event.at,
        state,
        name=ad.get("JobBatchName") or os.path.basename(ad.get("Cmd", "")) or None,
        user=ad.get("Owner"),
        project=ad.get("AcctGroup"),
        workdir=ad.get("Iwd"),
        labels={"schedd": schedd} if schedd else None,
        facts={name: value for name, value in ad.items() if name not in SECRET_ATTRIBUTES},
    )


def _change(event: CondorEvent) -> Observation:
    found = Observation(event.native_id, event.at, STATES[event.code], kind="batch", reason=_reason(event))
    if event.code == SUBMIT:
        node = _NODE.search(event.text)
        found = replace(found, submitted=event.at, facts={"submitted from": event.title})
        return replace(found, name=node[1], labels={"node": node[1]}) if node else found
    if event.code in (EXECUTE, NODE_EXECUTE):
        host = _SLOT.search(event.text) or _HOST.search(event.title)
        return replace(found, started=event.at, labels={"host": host[1]} if host else None)
    return replace(found, ended=event.at) if event.code == ABORTED else found


def _termination(event: CondorEvent) -> Observation:
    """The end of a job. Raises nothing: one without its exit code is done."""
    found, end = Observation(event.native_id, event.at, states.DONE, kind="batch", reason="", ended=event.at), _END.search(event.text)
    if end is None:
        return found
    number, is_normal = int(end[2]), end[1] == "Normal"
    state = states.DONE if is_normal and number == 0 else states.FAILED
    return replace(found, state=state, exit_code=number if is_normal else None, signal=None if is_normal else number)


def _reason(event: CondorEvent) -> str:
    """Why a job is held, evicted or removed; "" while it goes on."""
    if event.code in (SUSPENDED, DISCONNECTED):
        return event.title.rstrip(".")
    says_why = event.code in (HELD, ABORTED, SHADOW_EXCEPTION, RECONNECT_FAILED, STATUS_UNKNOWN)
    return (event.lines[0].strip() if event.lines else event.title) if says_why else ""


def _digest(head: bytes) -> str:
    return blake2b(head, digest_size=8).hexdigest()


def _make(name: str, options: Mapping[str, Any], settings: Settings) -> JobSource:
    return EventLogs(name, read_options(EventLogOptions, options))


KIND = SourceKind("htcondor-log", _make)
