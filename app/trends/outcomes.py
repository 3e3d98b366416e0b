"""What is computed from a file, and what comes out: the messages between an extraction and the process that reads the file."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple, Self

from app.formats import FileVersion, Kind, MERow
from app.formats.listing import Columns
from app.formats.me_names import MENames
from app.trends.metrics.metric import MetricValue


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


class FileTask(NamedTuple):
    """All that is computed from a file.

    Attributes:
        rows: Place of each monitor element that a trend uses, by path.
        computations: The trends whose monitor elements the file has.
        absent: Number of the other trends.
        earlier: An earlier snapshot of the same run, if what was filled since then is wanted.
    """

    url: str
    format: str
    version: FileVersion
    rows: dict[str, MERow]
    computations: list[Computation]
    absent: int = 0
    earlier: FileTask | None = None

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
        return cls._from_fields(*json.loads(line))

    @classmethod
    def _from_fields(cls, url: str, format: str, version: Any, rows: Any, computations: Any, absent: int, earlier: Any) -> Self:
        places = {path: MERow(*row) for path, row in rows.items()}
        before = earlier and cls._from_fields(*earlier)
        return cls(url, format, FileVersion(*version), places, [Computation(*each) for each in computations], absent, before)


def file_task(sample: SampleFile, computations: Iterable[Computation]) -> FileTask:
    """What can be computed of these trends from a sample."""
    computations = list(computations)
    wanted = {path for each in computations for path in each.paths.values()}
    indices = {path: index for path in wanted if (index := sample.names.find(path.encode())) is not None}
    rows = {path: sample.columns.row(index) for path, index in indices.items()}
    present = [each for each in computations if all(path in rows for path in each.paths.values())]
    return FileTask(sample.url, sample.format, sample.version, rows, present, len(computations) - len(present))


def outcomes_to_json(outcomes: Iterable[Outcome]) -> list[list[object]]:
    """Version, value, error and reason of each."""
    return [[version, *(value or (None, None)), reason] for version, value, reason in outcomes]


def outcomes_from_json(found: Iterable[tuple[int, float | None, float, str]]) -> list[Outcome]:
    """The outcomes from `outcomes_to_json`."""
    return [Outcome(version, None if value is None else MetricValue(value, error), reason) for version, value, error, reason in found]
