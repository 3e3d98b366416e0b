"""Details of a job in its stored document and log: command line, lumisections, memory and rate. No value is trusted to be of its type."""

from __future__ import annotations

import json
import re
from typing import Any, NamedTuple

from app.square.errors import UnknownJob
from app.square.models import Document, Job, Log
from app.square.values import mapping, number, unpack_json
from app.web.charts import ChartSeries, Figure

PAGE_KIB = 4
"""Size of a memory page, in which mem_info counts."""

COMPLETE = ("close: eof", "close: ok", "close: forced end-of-run")
"""States of a lumisection that was read to its end."""


class SeenLumis(NamedTuple):
    """Consecutive lumisections in the same state."""

    first: int
    last: int
    text: str  # state as the job reported it
    kind: str  # "" for complete, "open" or "odd"

    @property
    def size(self) -> int:
        """Number of lumisections."""
        return self.last - self.first + 1


def find_job(system: str, key: str) -> Job:
    """The job with this key. Raises UnknownJob."""
    found: Job | None = Job.get_or_none(Job.system == system, Job.key == key)
    if found is None:
        raise UnknownJob(f"There is no such job in {system}; it may have been deleted by age")
    return found


def stored_document(job: Job) -> dict[str, Any]:
    """The document of a job without its log; {} if it was deleted by age."""
    row = Document.get_or_none(Document.system == job.system, Document.key == job.key)
    return mapping(unpack_json(row.body)) if row else {}


def stored_log(job: Job) -> tuple[list[str], list[str]]:
    """The first and last lines of the log of a job."""
    row = Log.get_or_none(Log.system == job.system, Log.key == job.key)
    stored = mapping(unpack_json(row.body)) if row else {}
    return text_lines(stored.get("stdlog_start")), text_lines(stored.get("stdlog_end"))


def text_lines(value: Any) -> list[str]:
    """The texts of a list, or the lines of one text."""
    if isinstance(value, str):
        return value.splitlines(keepends=True)
    return [item for item in value if isinstance(item, str)] if isinstance(value, list) else []


def command_line(document: dict[str, Any]) -> list[str]:
    """The command line of a job."""
    parts = document.get("cmdline")
    return [str(part) for part in parts] if isinstance(parts, list) else []


def lumi_ranges(document: dict[str, Any]) -> list[SeenLumis]:
    """The lumisections that a job has seen, in ascending order."""
    ranges: list[SeenLumis] = []
    for lumi, text in sorted(_lumi_states(document)):
        if ranges and (ranges[-1].last, ranges[-1].text) == (lumi - 1, text):
            ranges[-1] = ranges[-1]._replace(last=lumi)
        else:
            kind = "" if text in COMPLETE else "open" if text.startswith("open") else "odd"
            ranges.append(SeenLumis(lumi, lumi, text, kind))
    return ranges


def _lumi_states(document: dict[str, Any]) -> list[tuple[int, str]]:
    found = []
    for name, state in mapping(mapping(document.get("extra")).get("lumi_seen")).items():
        if digits := re.fullmatch(r"lumi(\d{1,12})", name):
            text = state if isinstance(state, str) else json.dumps(state)
            found.append((int(digits[1]), text or "open"))
    return found


def memory_points(document: dict[str, Any], started: float) -> list[tuple[float, float]]:
    """Resident memory in MB by minutes since the start."""
    found = []
    for at, text in mapping(mapping(document.get("extra")).get("mem_info")).items():
        time, pages = number(at), str(text).split()
        resident = number(pages[1]) if len(pages) > 1 else None
        if time is not None and resident is not None:
            found.append(((time - started) / 60, resident * PAGE_KIB / 1024))
    return sorted(found)


def rate_points(document: dict[str, Any]) -> list[tuple[float, float]]:
    """Events per second by lumisection."""
    found = []
    for statistics in mapping(mapping(document.get("extra")).get("lumi_stats")).values():
        lumi, rate = number(mapping(statistics).get("n")), number(mapping(statistics).get("rate"))
        if lumi is not None and rate is not None:
            found.append((lumi, rate))
    return sorted(found)


def job_figures(job: Job, document: dict[str, Any]) -> dict[str, Figure]:
    """The charts of a job by their name in addresses."""
    title = f"{job.tag}, run {job.run}, process {job.pid}"
    memory = memory_points(document, job.started)
    first = min((at for at, _ in memory), default=0.0)  # the clock of the process may differ from that of its reports
    resident = ChartSeries("resident", [(at - first, size) for at, size in memory])
    return {
        "memory": Figure(f"Memory of {title}", "Resident memory, MB", [resident], "Minutes since the first value"),
        "events": Figure(f"Rate of {title}", "Events/s", [ChartSeries("events/s", rate_points(document))]),
    }
