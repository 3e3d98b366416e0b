"""What a job's own document says beyond its row: command line, lumisections, memory and rate. Nothing in it is trusted to have its shape."""

from __future__ import annotations

import json
import re
from typing import Any, NamedTuple

import zstandard

from app.square.documents import MOST_BYTES, mapping, number
from app.square.models import Document, Job, Log
from app.web import Problem
from app.web.charts import Figure, Series

PAGE_KIB = 4
"""Pages of memory, in which the kernel counts."""

GOOD_ENDS = ("close: eof", "close: ok", "close: forced end-of-run")
"""What a job says of a lumisection that it has read; anything else is worth a look."""


class Lumis(NamedTuple):
    """Lumisections in a row of which a job says the same; kind: "" read, "open", or "odd"."""

    first: int
    last: int
    text: str
    kind: str

    @property
    def number(self) -> int:
        return self.last - self.first + 1


def job_of(system: str, key: str) -> Job:
    """The job with this key; Problem 404 when there is none."""
    found: Job | None = Job.get_or_none(Job.system == system, Job.key == key)
    if found is None:
        raise Problem(404, f"no such job is known in {system}; it may have been cleaned up")
    return found


def unpacked(blob: bytes) -> Any:
    """The JSON of a stored document or log."""
    with zstandard.ZstdDecompressor().stream_reader(bytes(blob)) as reader:
        return json.loads(reader.read(MOST_BYTES))


def document(job: Job) -> dict[str, Any]:
    """The document of a job without its log; empty when it was cleaned up."""
    row = Document.get_or_none(Document.system == job.system, Document.key == job.key)
    return mapping(unpacked(row.body)) if row else {}


def log_of(job: Job) -> tuple[list[str], list[str]]:
    """The first and last lines that are stored of a job's log."""
    row = Log.get_or_none(Log.system == job.system, Log.key == job.key)
    stored = mapping(unpacked(row.body)) if row else {}
    return lines(stored.get("stdlog_start")), lines(stored.get("stdlog_end"))


def lines(value: Any) -> list[str]:
    """A list of texts; a text alone is its own lines."""
    if isinstance(value, str):
        return value.splitlines(keepends=True)
    return [item for item in value if isinstance(item, str)] if isinstance(value, list) else []


def command(document: dict[str, Any]) -> list[str]:
    given = document.get("cmdline")
    return [str(part) for part in given] if isinstance(given, list) else []


def lumis(document: dict[str, Any]) -> list[Lumis]:
    """The lumisections that a job has seen, in order."""
    found: list[tuple[int, str]] = []
    for name, said in mapping(mapping(document.get("extra")).get("lumi_seen")).items():
        digits = re.fullmatch(r"lumi(\d{1,12})", name)
        if digits:
            text = said if isinstance(said, str) else json.dumps(said)
            found.append((int(digits[1]), text or "open"))
    rows: list[Lumis] = []
    for lumi, text in sorted(found):
        if rows and (rows[-1].last, rows[-1].text) == (lumi - 1, text):
            rows[-1] = rows[-1]._replace(last=lumi)
        else:
            rows.append(Lumis(lumi, lumi, text, "" if text in GOOD_ENDS else "open" if text.startswith("open") else "odd"))
    return rows


def memory(document: dict[str, Any], started: float) -> list[tuple[float, float]]:
    """Minutes since the start, and resident memory in MB."""
    found = []
    for at, text in mapping(mapping(document.get("extra")).get("mem_info")).items():
        moment, pages = number(at), str(text).split()
        resident = number(pages[1]) if len(pages) > 1 else None
        if moment is not None and resident is not None:
            found.append(((moment - started) / 60, resident * PAGE_KIB / 1024))
    return sorted(found)


def rates(document: dict[str, Any]) -> list[tuple[float, float]]:
    """Lumisection, and the events per second in it."""
    found = []
    for said in mapping(mapping(document.get("extra")).get("lumi_stats")).values():
        lumi, rate = number(mapping(said).get("n")), number(mapping(said).get("rate"))
        if lumi is not None and rate is not None:
            found.append((lumi, rate))
    return sorted(found)


def figures(job: Job, document: dict[str, Any]) -> dict[str, Figure]:
    """The charts of a job by their name in addresses."""
    title = f"{job.tag}, run {job.run}, process {job.pid}"
    used = memory(document, job.started)
    first = min((at for at, _ in used), default=0.0)
    since = [(at - first, size) for at, size in used]  # the clock of the process is not that of its reports
    return {
        "memory": Figure(f"Memory of {title}", "Resident memory, MB", [Series("resident", since)], "Minutes since the first value"),
        "events": Figure(f"Rate of {title}", "Events/s", [Series("events/s", rates(document))]),
    }
