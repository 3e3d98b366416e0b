"""LSF by `bjobs`: all jobs that it keeps, the ended ones for CLEAN_PERIOD, an hour unless the cluster is configured otherwise."""

from __future__ import annotations

import re
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from app.core.exit_codes import exit_signal
from app.core.settings import Settings
from app.core.text import one_line
from app.diary import states
from app.diary.errors import BadSourceConfig, CommandFailed
from app.diary.observations.observation import Observation
from app.diary.sources.batch_fields import log_paths
from app.diary.sources.command import SHOWN_CHARS, CommandOptions, run
from app.diary.sources.dates import last_such_date
from app.diary.sources.name_labels import NameLabels
from app.diary.sources.source import JobScan, JobSource, SourceKind, observed, read_options

FIELDS = (
    *("jobid", "jobindex", "stat", "user", "queue", "proj_name", "from_host", "exec_host", "submit_time", "start_time", "finish_time"),
    *("exit_code", "exit_reason", "sub_cwd", "output_file", "error_file", "job_name"),
)
"""What is asked for; a `|` in the name, which is the last, separates nothing."""
ENVIRONMENT = {"LSB_DISPLAY_YEAR": "Y"}
STATES = {
    **dict.fromkeys(("PEND", "PROV", "WAIT"), states.PENDING),
    **dict.fromkeys(("RUN", "USUSP", "SSUSP"), states.RUNNING),
    "PSUSP": states.HELD,
    "DONE": states.DONE,
    "EXIT": states.FAILED,
}
SUSPENDED = {"USUSP": "Suspended by a person", "SSUSP": "Suspended by LSF"}
KILLED_BY_PEOPLE = ("TERM_OWNER", "TERM_ADMIN", "TERM_FORCE_OWNER", "TERM_FORCE_ADMIN")
"""Beginnings of reasons of jobs that somebody ended."""
NO_JOB = re.compile(r"No (?:unfinished |matching )?job found", re.IGNORECASE)

_TIME = re.compile(r"([A-Z][a-z]{2}) +(\d{1,2}) (\d\d):(\d\d)(?::(\d\d))?(?: (\d{4}))?(?: [A-Z])?")  # ends with a letter when estimated
_MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]


@dataclass(frozen=True)
class LSFOptions(CommandOptions):
    """Options of a source of LSF.

    Attributes:
        command: `bjobs` and its first arguments: which jobs; ended ones with `-a`.
        labels: `label=pattern` for labels that are in names of jobs, such as `run=harvest_([0-9]+)`.
    """

    command: tuple[str, ...] = ("bjobs", "-a", "-u", "all")
    labels: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        super().__post_init__()
        if not self.command:
            raise BadSourceConfig("The option command must have the program bjobs")


class LSF(JobSource):
    """All jobs that `bjobs` shows; the hub's clock is the time of observations."""

    title = "LSF"

    def __init__(self, name: str, options: LSFOptions) -> None:
        super().__init__(name, options.period_s)
        self._options = options
        self._labels = NameLabels(options.labels)

    def scan(self, cursor: Mapping[str, Any]) -> JobScan:
        """The jobs of now; a line that was cut off counts as damaged."""
        now = time.time()
        fields = f"{' '.join(FIELDS)} delimiter='|'"
        try:
            text = run([*self._options.command, "-noheader", "-o", fields], self._options, ENVIRONMENT)
        except CommandFailed as error:
            if not NO_JOB.search(error.errors):  # it fails, too, when there is no job
                raise
            text = ""
        if text.strip() and "|" not in text:  # an error message with exit code 0 is not an empty queue
            raise CommandFailed(self._options.command[0], f"It printed no jobs: {one_line(text)[:SHOWN_CHARS]}")
        lines = [line for line in text.split("\n") if line.strip()]
        observations, quarantined = observed(lines, lambda line: observation_of(line, now))
        is_whole = not quarantined and (not text or text.endswith("\n"))
        return JobScan(self._labels.added(observations), {}, complete=is_whole, quarantined=quarantined)


def observation_of(line: str, now: float) -> Observation:
    """A line of `bjobs` as an observation. Raises ValueError when it has too few fields, or no id or time."""
    values = line.strip("\r\n").split("|", len(FIELDS) - 1)
    if len(values) < len(FIELDS):
        raise ValueError(f"It has {len(values)} fields, not {len(FIELDS)}")
    job = {name: "" if value.strip() == "-" else value.strip() for name, value in zip(FIELDS, values, strict=True)}
    if not re.fullmatch(r"\d{1,18}", job["jobid"]):
        raise ValueError("The id is not a number")
    stat, is_ended = job["stat"], job["stat"] in ("DONE", "EXIT")
    code = int(job["exit_code"]) if is_ended and re.fullmatch(r"\d{1,9}", job["exit_code"]) else None
    is_killed = job["exit_reason"].startswith(KILLED_BY_PEOPLE)
    logs = [(job[name], kind) for name, kind in (("output_file", "output"), ("error_file", "errors"))]
    return Observation(
        native_id=job["jobid"] + (f"[{job['jobindex']}]" if job["jobindex"] not in ("", "0") else ""),
        seen=now,
        state=states.CANCELLED if stat == "EXIT" and is_killed else STATES.get(stat, states.UNKNOWN),
        submitted=_time(job["submit_time"], now) or 0,
        kind="batch",
        name=job["job_name"],
        user=job["user"],
        project=job["proj_name"],
        exit_code=0 if stat == "DONE" and code is None else code,
        signal=exit_signal(code),
        reason=SUSPENDED.get(stat) or (job["exit_reason"] if stat == "EXIT" else ""),
        started=_time(job["start_time"], now),
        ended=_time(job["finish_time"], now) if is_ended else None,  # of others it is an estimate
        workdir=job["sub_cwd"],
        labels={name: value for name, value in (("queue", job["queue"]), ("host", _host(job["exec_host"]))) if value},
        logs=log_paths(job["sub_cwd"], logs),
        facts=job,
    )


def _host(text: str) -> str:
    """The first of the hosts, which are printed as `4*host1:2*host2`."""
    return text.partition(":")[0].rpartition("*")[2]


def _time(text: str, now: float) -> float | None:
    """A time in UTC, Unix s; older releases print it without seconds or year. None: there is none. Raises ValueError."""
    if not text:
        return None
    found = _TIME.fullmatch(text)
    if found is None or found[1] not in _MONTHS:
        raise ValueError(f"{text[:40]} is no time")
    month, clock = _MONTHS.index(found[1]) + 1, (int(found[3]), int(found[4]), int(found[5] or 0))
    if found[6]:
        return datetime(int(found[6]), month, int(found[2]), *clock, tzinfo=UTC).timestamp()
    return last_such_date(month, int(found[2]), clock, UTC, now).timestamp()


def _make(name: str, options: Mapping[str, Any], settings: Settings) -> JobSource:
    return LSF(name, read_options(LSFOptions, options))


KIND = SourceKind("lsf", _make)
