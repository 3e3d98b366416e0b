"""The values of many trends from one file: each monitor element is read once."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import NamedTuple

from app.formats import FileVersion, FormatError, Kind, MERow, Payload, payloads
from app.formats.listing import Columns
from app.formats.me_names import MENames
from app.trends.errors import ConfigError
from app.trends.expressions import parse_metric
from app.trends.histogram import Histogram
from app.trends.metrics.metric import Inputs, Metric, MetricValue, NoPoint, compute_point
from app.trends.reading import read_histogram

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


def compute(sample: SampleFile, computations: Iterable[Computation]) -> Computations:
    """The values of all trends from one file, of which only the monitor elements that they use are read.

    Raises `OSError` and `FileReplaced` when the file cannot be read.
    """
    computations = list(computations)
    wanted = {path for each in computations for path in each.paths.values()}
    indices = {path: index for path in wanted if (index := sample.names.find(path.encode())) is not None}
    rows = {path: sample.columns.row(index) for path, index in indices.items()}
    histograms = _read(sample, {path: row for path, row in rows.items() if not Kind(row.kind).scalar})
    present = [each for each in computations if all(path in rows for path in each.paths.values())]
    outcomes = [_outcome(each, histograms) for each in present]
    return Computations(outcomes, len(computations) - len(present), sum(rows[path].nbytes for path in histograms))


def _read(sample: SampleFile, rows: dict[str, MERow]) -> dict[str, Histogram | FormatError]:
    """The histogram of each path, or why it cannot be read."""
    paths = list(rows)
    found = payloads(sample.url, sample.format, list(rows.values()), sample.version)
    return {paths[index]: _histogram(payload) for index, payload in found}


def _histogram(payload: Payload | FormatError) -> Histogram | FormatError:
    if isinstance(payload, FormatError):
        return payload
    if len(payload.data) > MAX_BYTES:
        return FormatError(f"has {len(payload.data):,} bytes", "a histogram", f"at most {MAX_BYTES:,}")
    try:
        return read_histogram(payload)
    except FormatError as error:
        return error


def _outcome(each: Computation, histograms: Mapping[str, Histogram | FormatError]) -> Outcome:
    try:
        inputs = {name: _input(path, histograms) for name, path in each.paths.items()}
        value = compute_point(_metric(each.metric), Inputs(**inputs))
    except (NoPoint, ConfigError) as error:
        return Outcome(each.version, None, str(error))
    entries = inputs["main"].entries
    few = f"Few entries: fewer than the threshold of {each.threshold:,}" if entries < each.threshold else ""
    return Outcome(each.version, value, few)


def _input(path: str, histograms: Mapping[str, Histogram | FormatError]) -> Histogram:
    if path not in histograms:
        raise NoPoint("A monitor element is a number or a text, not a histogram")
    found = histograms[path]
    if isinstance(found, FormatError):
        raise NoPoint("A monitor element is damaged, or has a class that cannot be read")
    return found


@lru_cache(maxsize=1 << 14)
def _metric(expression: str) -> Metric:
    return parse_metric(expression)
