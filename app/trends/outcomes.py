"""What is computed from a file, and what comes out: the messages between an extraction and the process that reads the file."""

from __future__ import annotations

import json
from base64 import b64decode, b64encode
from collections.abc import Iterable, Mapping
from typing import NamedTuple, Self

from app.formats import FileVersion, FormatError, Kind, MERow, Payload, payloads
from app.formats.listing import Columns
from app.formats.me_names import MENames
from app.trends.metrics.metric import MetricValue

MAX_BYTES = 1 << 24
"""Bytes of the largest monitor element of a trend, as a map of 2,000 x 2,000: all of a file are in memory at a time."""


class Computation(NamedTuple):
    """What the value of one version of a trend depends on."""

    version: int  # id
    metric: str
    paths: Mapping[str, str]  # the ME of each input
    threshold: int


class Outcome(NamedTuple):
    """The value of a trend, or the reason why there is none, or why the value is doubtful."""

    version: int
    value: MetricValue | None
    reason: str


class SampleFile(NamedTuple):
    """A sample with the places of its monitor elements in a file."""

    url: str
    format: str
    version: FileVersion
    names: MENames
    columns: Columns


class Computations(NamedTuple):
    """The outcomes of the trends whose monitor elements a file has."""

    outcomes: list[Outcome]
    absent: int  # trends whose monitor elements it lacks
    bytes_read: int  # of the monitor elements


class EncodedPayload(NamedTuple):
    """A `Payload` in JSON."""

    flags: int
    data: str  # base64
    displacement: int

    @classmethod
    def of(cls, payload: Payload) -> Self:
        """The payload, encoded."""
        return cls(payload.flags, b64encode(payload.data).decode(), payload.displacement)

    def decoded(self) -> Payload:
        """The payload."""
        return Payload(self.flags, b64decode(self.data), self.displacement)


class FileTask(NamedTuple):
    """All that is computed from a file.

    Attributes:
        rows: Place of each monitor element that a trend uses, by path.
        computations: The trends whose monitor elements the file has.
        absent: Number of the other trends.
        earlier: The monitor elements in an earlier snapshot of the same run, if what was filled since then is wanted.
    """

    url: str
    format: str
    version: FileVersion
    rows: dict[str, MERow]
    computations: list[Computation]
    absent: int = 0
    earlier: Mapping[str, EncodedPayload] | None = None

    @property
    def histograms(self) -> dict[str, MERow]:
        """The rows that are read: the others are numbers and texts."""
        return {path: row for path, row in self.rows.items() if not Kind(row.kind).scalar}

    @property
    def bytes_read(self) -> int:
        """Bytes of the monitor elements that are read."""
        return sum(row.nbytes for row in self.histograms.values())

    def to_json(self) -> bytes:
        """One line."""
        return json.dumps(self).encode() + b"\n"

    @classmethod
    def from_json(cls, line: bytes) -> Self:
        """The task from the line of `to_json`."""
        url, format, version, rows, computations, absent, earlier = json.loads(line)
        places = {path: MERow(*row) for path, row in rows.items()}
        before = earlier and {path: EncodedPayload(*each) for path, each in earlier.items()}
        return cls(url, format, FileVersion(*version), places, [Computation(*each) for each in computations], absent, before)


def file_task(sample: SampleFile, computations: Iterable[Computation]) -> FileTask:
    """What can be computed of these trends from a sample."""
    computations = list(computations)
    wanted = {path for each in computations for path in each.paths.values()}
    indices = {path: index for path in wanted if (index := sample.names.find(path.encode())) is not None}
    rows = {path: sample.columns.row(index) for path, index in indices.items()}
    present = [each for each in computations if all(path in rows for path in each.paths.values())]
    return FileTask(sample.url, sample.format, sample.version, rows, present, len(computations) - len(present))


UNREADABLE = EncodedPayload(0, "", 0)
"""In place of a damaged payload, or of one that is too large; it cannot be read as a histogram."""


def encoded_payloads(task: FileTask) -> dict[str, EncodedPayload]:
    """The histograms of a task as they are in its file. Raises `OSError` and `FileReplaced` when the file cannot be read."""
    rows = {path: row for path, row in task.histograms.items() if row.objlen <= MAX_BYTES}
    paths = list(rows)
    encoded = dict.fromkeys(task.histograms, UNREADABLE)
    for index, payload in payloads(task.url, task.format, list(rows.values()), task.version):
        if not isinstance(payload, FormatError):
            encoded[paths[index]] = EncodedPayload.of(payload)
    return encoded


def outcomes_to_json(outcomes: Iterable[Outcome]) -> list[list[object]]:
    """Version, value, error and reason of each."""
    return [[version, *(value or (None, None)), reason] for version, value, reason in outcomes]


def outcomes_from_json(found: Iterable[tuple[int, float | None, float, str]]) -> list[Outcome]:
    """The outcomes from `outcomes_to_json`."""
    return [Outcome(version, None if value is None else MetricValue(value, error), reason) for version, value, error, reason in found]
