"""The values of many trends from one file: each monitor element is read once."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import lru_cache

from app.formats import FormatError, MERow, Payload, payloads
from app.trends.difference import Histograms, differences
from app.trends.errors import ConfigError
from app.trends.expressions import parse_metric
from app.trends.histogram import Histogram
from app.trends.metrics.metric import Inputs, Metric, NoPoint, compute_point
from app.trends.outcomes import MAX_BYTES, Computation, Computations, FileTask, Outcome, SampleFile, file_task
from app.trends.reading import read_histogram


def compute(sample: SampleFile, computations: Iterable[Computation]) -> Computations:
    """The values of all trends from one file, in this process, which a file can harm; see `app.trends.computing_process`.

    Raises `OSError`, `MemoryError` and `FileReplaced` when the file cannot be read.
    """
    task = file_task(sample, computations)
    return Computations(compute_task(task), task.absent, task.bytes_read)


def compute_task(task: FileTask) -> list[Outcome]:
    """The outcomes of a task, for which only the monitor elements of its trends are read. Raises as `compute`."""
    histograms = _read(task, task.histograms)
    if task.earlier is not None:
        early = {path: _histogram(encoded.decoded()) for path, encoded in task.earlier.items()}
        try:
            histograms = differences(histograms, early)
        except NoPoint as error:
            return [Outcome(each.version, None, str(error)) for each in task.computations]
    return [outcome_of(each, histograms) for each in task.computations]


def _read(file: FileTask, rows: Mapping[str, MERow]) -> Histograms:
    """The histogram of each path, or why it cannot be read."""
    found: dict[str, Histogram | FormatError] = {path: _too_large(row.objlen) for path, row in rows.items() if row.objlen > MAX_BYTES}
    paths = [path for path in rows if path not in found]
    read = payloads(file.url, file.format, [rows[path] for path in paths], file.version)
    return found | {paths[index]: _histogram(payload) for index, payload in read}


def _too_large(size: int) -> FormatError:
    return FormatError(f"has {size:,} bytes", "a histogram", f"at most {MAX_BYTES:,}")


def _histogram(payload: Payload | FormatError) -> Histogram | FormatError:
    if isinstance(payload, FormatError):
        return payload
    if len(payload.data) > MAX_BYTES:
        return _too_large(len(payload.data))
    try:
        return read_histogram(payload)
    except FormatError as error:
        return error


def outcome_of(each: Computation, histograms: Histograms) -> Outcome:
    """The value of a trend from histograms by their paths, or why there is none."""
    try:
        inputs = {name: _input(path, histograms) for name, path in each.paths.items()}
        value = compute_point(_metric(each.metric), Inputs(**inputs))
    except (NoPoint, ConfigError) as error:
        return Outcome(each.version, None, str(error))
    entries = inputs["main"].entries
    few = f"Few entries: fewer than the threshold of {each.threshold:,}" if entries < each.threshold else ""
    return Outcome(each.version, value, few)


def _input(path: str, histograms: Histograms) -> Histogram:
    if path not in histograms:
        raise NoPoint("A monitor element is a number or a text, not a histogram")
    found = histograms[path]
    if isinstance(found, FormatError):
        raise NoPoint("A monitor element is damaged, or has a class that cannot be read")
    return found


@lru_cache(maxsize=1 << 14)
def _metric(expression: str) -> Metric:
    return parse_metric(expression)
