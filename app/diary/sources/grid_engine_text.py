"""Parsers for `qstat`, `qacct` and the accounting file of Grid Engine. Times are in UTC, as the commands run with `TZ`."""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import NamedTuple

from app.diary.sources.batch_fields import SECRET_KEYS, without_secrets
from app.diary.sources.source import reason_of

BadRecords = list[tuple[str, str]]

_FIELD = re.compile(r"<(\w+)>([^<]*)</\1>")
_KEY = re.compile(r"([A-Za-z][\w ()/-]*?):[ \t]+(.*)")
_LINE = re.compile(r"^={20,}[ \t]*$", re.MULTILINE)
_RECORD = re.compile(r"^(?:=+[ \t]*\n(?=qname )|(?=qname )|={20,}[ \t]*$)", re.MULTILINE)
_SECRETS = re.compile(rf"^(?:{'|'.join(SECRET_KEYS)})[ \t].*\n?", re.MULTILINE)
_SECONDS = re.compile(r"(\d+(?:\.\d+)?)s?", re.ASCII)
COLUMNS = {
    **dict(enumerate(("qname", "hostname", "group", "owner", "jobname", "jobnumber", "account", "priority"))),
    **dict(enumerate(("qsub_time", "start_time", "end_time", "failed", "exit_status", "ru_wallclock"), 8)),
    31: "project",
    34: "slots",
    35: "taskid",
    36: "cpu",
    41: "pe_taskid",
}
"""Fields of a line of the accounting file, see accounting(5)."""
FEWEST_COLUMNS = 43


class QueuedJob(NamedTuple):
    """A job, or tasks of an array in one state, in `qstat -xml`."""

    number: str
    name: str
    owner: str
    state: str  # letters
    queue: str  # empty while it waits
    tasks: str  # ranges; empty: no array
    submitted: float  # 0: not shown, as for a running job
    started: float  # 0: not shown


class FinishedJob(NamedTuple):
    """A job, or a task of an array, that accounting has."""

    number: str
    task: str  # empty: no array
    submitted: float
    started: float | None
    ended: float | None  # None: it could not be started
    failed: int
    failure: str  # what this means
    exit_status: int
    fields: Mapping[str, str]

    @property
    def native_id(self) -> str:
        """Its id in the diary."""
        return f"{self.number}.{self.task}" if self.task else self.number


def is_whole_list(text: str) -> bool:
    """Whether the text of `qstat -xml` was not cut off."""
    return text.rstrip().endswith("</job_info>")


def queued_jobs(text: str) -> tuple[list[QueuedJob], BadRecords]:
    """The jobs that `qstat -xml` printed, and text and reason of each record that cannot be used."""
    found: list[QueuedJob] = []
    bad = []
    for part in text.split("<job_list")[1:]:
        part = part.partition("</job_list>")[0]
        try:
            found.append(_queued({name: html.unescape(value) for name, value in _FIELD.findall(part)}))
        except (KeyError, ValueError) as error:
            bad.append((part, reason_of(error)))
    return found, bad


def _queued(fields: Mapping[str, str]) -> QueuedJob:
    number = fields["JB_job_number"]
    if not (number.isascii() and number.isdigit()):
        raise ValueError("JB_job_number is not a number")
    submitted, started = _iso(fields.get("JB_submission_time", "")), _iso(fields.get("JAT_start_time", ""))
    name, owner, queue, tasks = (fields.get(name, "") for name in ("JB_name", "JB_owner", "queue_name", "tasks"))
    return QueuedJob(number, name, owner, fields["state"], queue, tasks, submitted, started)


def _iso(text: str) -> float:
    return datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp() if text else 0.0


def details(text: str) -> dict[str, dict[str, str]]:
    """What `qstat -j` printed of each job, by number: values by key; a key of several lines has them all."""
    found = {}
    for part in _LINE.split(without_secrets(text)):
        fields: dict[str, str] = {}
        key = ""
        for line in part.split("\n"):
            if match := _KEY.fullmatch(line):
                key = " ".join(match[1].split())
                fields[key] = match[2].rstrip()
            elif key and line.strip():
                fields[key] += f"\n{line.strip()}"
        if number := fields.get("job_number"):
            found[number] = fields
    return found


def moment(text: str) -> float | None:
    """A time as `qstat -j` and `qacct` print it, in the C locale; None for none. Raises ValueError."""
    if text in ("", "-/-"):
        return None
    return datetime.strptime(" ".join(text.split()), "%a %b %d %H:%M:%S %Y").replace(tzinfo=UTC).timestamp()


def printed_accounting(text: str) -> tuple[list[FinishedJob], BadRecords]:
    """The jobs that `qacct -j` printed, and text and reason of each record that cannot be used."""
    text = _SECRETS.sub("", text.partition("\nTotal System Usage\n")[0])  # a table at the end
    return _ended([part for part in _RECORD.split(text) if part.strip("= \t\n")], _printed)


def accounting_lines(text: str) -> tuple[list[FinishedJob], BadRecords]:
    """The jobs of whole lines of the accounting file, and text and reason of each line that cannot be used."""
    return _ended([line for line in text.split("\n") if line and not line.startswith("#")], _line)


def _ended(texts: Sequence[str], read: Callable[[str], FinishedJob]) -> tuple[list[FinishedJob], BadRecords]:
    found, bad = [], []
    for text in texts:
        try:
            found.append(read(text))
        except (KeyError, ValueError, OverflowError) as error:
            bad.append((text, reason_of(error)))
    return [each for each in found if each.fields.get("pe_taskid", "NONE") == "NONE"], bad  # else a part of a parallel job


def _printed(text: str) -> FinishedJob:
    """A record of `qacct -j`: a key and its value a line."""
    pairs = (line.split(None, 1) for line in text.split("\n"))
    fields: dict[str, str] = {}
    for pair in pairs:
        if len(pair) == 2:
            fields.setdefault(pair[0], pair[1].strip())  # what follows without its separator is of another job
    return _record(fields, moment(fields["qsub_time"]), moment(fields["start_time"]), moment(fields["end_time"]))


def _line(text: str) -> FinishedJob:
    """A line of the accounting file: times are Unix s, 0 for none."""
    columns = text.split(":")
    if len(columns) < FEWEST_COLUMNS:
        raise ValueError(f"It has {len(columns)} fields, not {FEWEST_COLUMNS} or more")
    fields = {name: columns[position] for position, name in COLUMNS.items()}
    fields["taskid"] = "undefined" if fields["taskid"] == "0" else fields["taskid"]
    times = (float(fields[name]) or None for name in ("qsub_time", "start_time", "end_time"))
    return _record(fields, *times)


def _record(fields: dict[str, str], submitted: float | None, started: float | None, ended: float | None) -> FinishedJob:
    task = "" if fields["taskid"] == "undefined" else str(int(fields["taskid"]))
    code, _, failure = fields["failed"].partition(":")
    exit_status = int(fields["exit_status"].split()[0])  # then perhaps the name of a signal
    return FinishedJob(str(int(fields["jobnumber"])), task, submitted or 0, started, ended, int(code), failure.strip(), exit_status, fields)


def seconds(text: str) -> float | None:
    """A duration as `5s` or `5`."""
    match = _SECONDS.fullmatch(text)
    return float(match[1]) if match else None
