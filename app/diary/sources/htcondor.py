"""HTCondor by its commands: `condor_q` for the jobs of the queue, `condor_history` for those that have left it.

Both print job ads as JSON. The hub's clock is the time of observations: ads have no time at which they were printed.
"""

from __future__ import annotations

import json
import posixpath
import re
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from app.core.settings import Settings
from app.core.text import one_line
from app.diary import states
from app.diary.errors import BadSourceConfig, CommandFailed
from app.diary.observations.observation import JobKey, Observation, ParentKey
from app.diary.sources.batch_fields import log_paths, of_keys
from app.diary.sources.command import SHOWN_CHARS, CommandOptions, run
from app.diary.sources.name_labels import NameLabels
from app.diary.sources.source import JobScan, JobSource, SourceKind, observed, read_options

ATTRIBUTES = (
    *("ClusterId", "ProcId", "JobStatus", "Owner", "QDate", "JobStartDate", "JobCurrentStartDate", "CompletionDate"),
    *("EnteredCurrentStatus", "NumJobStarts", "ExitCode", "ExitBySignal", "ExitSignal", "HoldReason", "HoldReasonCode"),
    *("RemoveReason", "JobBatchName", "Cmd", "Iwd", "Out", "Err", "UserLog", "AcctGroup", "RemoteHost", "LastRemoteHost"),
    *("GlobalJobId", "DAGManJobId", "DAGNodeName", "JobUniverse", "ResidentSetSize_RAW", "RemoteUserCpu", "RemoteWallClockTime"),
)
"""Attributes that are read; arguments and variables of users are not, since they may be passwords."""
IDLE, RUNNING, REMOVED, COMPLETED, HELD, TRANSFERRING, SUSPENDED = range(1, 8)
"""Values of JobStatus."""
STATES = {
    IDLE: states.PENDING,
    RUNNING: states.RUNNING,
    REMOVED: states.CANCELLED,
    HELD: states.HELD,
    TRANSFERRING: states.RUNNING,
    SUSPENDED: states.RUNNING,
}
LOGS = {"Out": "output", "Err": "errors", "UserLog": "event log"}
"""Kinds of logs by attribute."""
METRICS = {"ResidentSetSize_RAW": "rss_kb", "RemoteUserCpu": "cpu_s", "RemoteWallClockTime": "wall_s"}
MOST_ENDED = 10_000
"""Jobs of the history in one scan, the last ones."""

_START = re.compile(r"^\{", re.MULTILINE)
_ID = re.compile(r"\d{1,18}\.\d{1,18}")


@dataclass(frozen=True)
class HTCondorOptions(CommandOptions):
    """Options of a source of HTCondor.

    Attributes:
        queue, history: Programs and their first arguments, such as `condor_q`, `-global`, `-allusers`; an empty history: none.
        labels: `label=pattern` for labels in names of jobs, such as `run=_(\\d{6})_`.
        attribute_labels: `label=Attribute` for further labels, such as `run=DQMRun`.
    """

    queue: tuple[str, ...] = ("condor_q", "-allusers")
    history: tuple[str, ...] = ("condor_history",)
    labels: tuple[str, ...] = ()
    attribute_labels: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        super().__post_init__()
        if not self.queue:
            raise BadSourceConfig("The option queue must have the program condor_q")
        if wrong := [text for text in self.attribute_labels if not re.fullmatch(r"[\w.-]+=[A-Za-z_]\w*", text)]:
            raise BadSourceConfig(f"The option attribute_labels must have texts label=Attribute, not {wrong[0]}")


class HTCondor(JobSource):
    """All jobs of the queue, and those of the history since the newest one of the last scan, whose id is in the cursor."""

    title = "HTCondor"

    def __init__(self, name: str, options: HTCondorOptions) -> None:
        super().__init__(name, options.period_s)
        self._options = options
        self._name_labels = NameLabels(options.labels)
        self._attributes = dict(text.split("=", 1) for text in options.attribute_labels)

    def scan(self, cursor: Mapping[str, Any]) -> JobScan:
        """The queue first: a job that leaves it meanwhile is in the history."""
        queue = self._ask(self._options.queue)
        history, last = Ads([], [], True), str(cursor.get("ended", ""))
        if self._options.history:
            since = ["-since", last] if _ID.fullmatch(last) else []
            history = self._ask(self._options.history, *since, "-limit", str(MOST_ENDED))
            if history.is_whole:  # otherwise the next scan asks for the same jobs again
                last = next((_native_id(ad) for ad in history.ads if _has_id(ad)), last)
        quarantined = [*queue.quarantined, *history.quarantined]
        observations: list[Observation] = []
        for ads in (queue.ads, history.ads):
            good, bad = self._observations(ads)
            observations += good
            quarantined += bad
        return JobScan(observations, {"ended": last}, complete=queue.is_whole and history.is_whole, quarantined=quarantined)

    def probe(self, keys: Sequence[JobKey]) -> Iterable[Observation]:
        """Jobs that the queue does not show any more, from the whole history."""
        ids = [key.native_id for key in keys if _ID.fullmatch(key.native_id)]
        if not ids or not self._options.history:
            return ()
        try:
            found, _ = self._observations(self._ask(self._options.history, *ids, "-limit", str(MOST_ENDED)).ads)
        except CommandFailed:  # a long history takes too long: they are lost until they are seen again
            return ()
        return of_keys(found, keys)

    def _ask(self, program: Sequence[str], *arguments: str) -> Ads:
        attributes = ",".join((*ATTRIBUTES, *self._attributes.values()))
        text = run([*program, *arguments, "-json", "-attributes", attributes], self._options)
        try:
            return read_ads(text)
        except ValueError as error:
            raise CommandFailed(program[0], str(error)) from error

    def _observations(self, ads: Iterable[Mapping[str, Any]]) -> tuple[list[Observation], list[tuple[str, str]]]:
        now = time.time()
        found, quarantined = observed(ads, lambda ad: observation_of(ad, now, self.name, self._attributes))
        return self._name_labels.added(found), quarantined


class Ads(NamedTuple):
    """Job ads of a text."""

    ads: list[dict[str, Any]]
    quarantined: list[tuple[str, str]]
    is_whole: bool  # the text has its end


def read_ads(text: str) -> Ads:
    """The job ads of an output with -json, which is empty where there is no job. One that is damaged hides no other.

    Raises ValueError when there is no ad in it and it is no empty list. Words of an error beside ads mean that more are missing.
    """
    is_whole = not text.strip() or text.rstrip().endswith("]")
    try:
        found = json.loads(text) if text.strip() else []
        if isinstance(found, list) and all(isinstance(ad, dict) for ad in found):
            return Ads(found, [], is_whole)
    except (ValueError, RecursionError):
        pass
    decoder, ads, quarantined, end, handled = json.JSONDecoder(), [], [], 0, 0
    starts = [found.start() for found in _START.finditer(text)]
    if not starts:
        raise ValueError(f"It printed no JSON: {one_line(text)[:SHOWN_CHARS]}")
    for start, following in zip(starts, [*starts[1:], len(text)], strict=True):
        if start < end:  # inside of the last one
            continue
        if between := text[handled:start].strip(" \r\n\t[],"):
            quarantined.append((between, "It is no JSON"))
            is_whole = False
        handled = following
        try:
            ad, end = decoder.raw_decode(text, start)
            handled = end
            ads.append(ad)
        except (ValueError, RecursionError) as error:
            quarantined.append((text[start:following], f"It is no JSON: {error}"))
    return Ads(ads, quarantined, is_whole)


def observation_of(ad: Mapping[str, Any], now: float, source: str, labels: Mapping[str, str]) -> Observation:
    """A job ad as an observation. Raises ValueError when it has no id or state."""
    if not _has_id(ad):
        raise ValueError("The ad has no ClusterId and ProcId")
    status = _whole(ad, "JobStatus")
    if status is None:
        raise ValueError("The ad has no JobStatus")
    by_signal = ad.get("ExitBySignal") is True
    code = None if by_signal or status != COMPLETED else _whole(ad, "ExitCode")
    signal = _whole(ad, "ExitSignal") if by_signal and status == COMPLETED else None
    ended = _time(ad, "CompletionDate") or _time(ad, "EnteredCurrentStatus") if status in (COMPLETED, REMOVED) else None
    workdir, dagman = _text(ad, "Iwd"), _whole(ad, "DAGManJobId")
    return Observation(
        native_id=_native_id(ad),
        seen=now,
        state=(states.FAILED if code or by_signal else states.DONE) if status == COMPLETED else STATES.get(status, states.UNKNOWN),
        submitted=_time(ad, "QDate") or 0,
        kind="batch",
        name=_text(ad, "JobBatchName") or posixpath.basename(_text(ad, "Cmd")),
        user=_text(ad, "Owner"),
        project=_text(ad, "AcctGroup"),
        exit_code=code,
        signal=signal,
        reason=_reason(ad, status),
        attempts=_whole(ad, "NumJobStarts"),
        started=_time(ad, "JobCurrentStartDate") or _time(ad, "JobStartDate"),
        ended=ended,
        workdir=workdir,
        labels=_labels(ad, labels),
        metrics={name: ad[attribute] for attribute, name in METRICS.items() if _is_number(ad.get(attribute))},
        logs=log_paths(workdir, [(_text(ad, name), kind) for name, kind in LOGS.items()]),
        parents=[] if dagman is None else [ParentKey(source, f"{dagman}.0")],
        facts=ad,
    )


def _native_id(ad: Mapping[str, Any]) -> str:
    return f"{ad['ClusterId']}.{ad['ProcId']}"


def _has_id(ad: Mapping[str, Any]) -> bool:
    return _whole(ad, "ClusterId") is not None and _whole(ad, "ProcId") is not None


def _reason(ad: Mapping[str, Any], status: int) -> str:
    if status == SUSPENDED:
        return "Suspended"
    return _text(ad, {HELD: "HoldReason", REMOVED: "RemoveReason"}[status]) if status in (HELD, REMOVED) else ""


def _labels(ad: Mapping[str, Any], further: Mapping[str, str]) -> dict[str, str]:
    slot = _text(ad, "RemoteHost") or _text(ad, "LastRemoteHost")  # slot1_2@host
    found = {"host": slot.rpartition("@")[2], "schedd": _text(ad, "GlobalJobId").partition("#")[0], "node": _text(ad, "DAGNodeName")}
    found |= {label: _text(ad, attribute) or str(_whole(ad, attribute) or "") for label, attribute in further.items()}
    return {label: value for label, value in found.items() if value}


def _text(ad: Mapping[str, Any], name: str) -> str:
    """A text of an ad; "" also for an expression without a value, which is printed as /Expr(...)/."""
    value = ad.get(name)
    return value if isinstance(value, str) and not value.startswith(("/Expr(", "\\/Expr(")) else ""


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _whole(ad: Mapping[str, Any], name: str) -> int | None:
    value = ad.get(name)
    return value if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 2**31 else None


def _time(ad: Mapping[str, Any], name: str) -> float | None:
    """A time of an ad, Unix s; None for 0, which means that it has not come."""
    value: Any = ad.get(name)
    return value if _is_number(value) and value > 0 else None


def _make(name: str, options: Mapping[str, Any], settings: Settings) -> JobSource:
    return HTCondor(name, read_options(HTCondorOptions, options))


KIND = SourceKind("htcondor", _make)
