"""Files of a run by stream and lumisection: when they were delivered, and how many events they contain.

The delay of a file is its modification time minus the end of its lumisection.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

from app.square.documents import FILE_COLUMNS
from app.square.models import Graph, GraphPart
from app.square.values import mapping, number, unpack_json
from app.web.charts import MAX_VALUE, ChartSeries, Figure

CHARTS = {"delivery": ("File delivery", "File delivery delay, s"), "rate": ("Event rate", "Accepted events per lumisection")}
"""The charts of a run by their name in addresses: title, and title of the y axis."""


class DeliveredFile(NamedTuple):
    """One file of a stream; None is not known."""

    lumi: int
    mtime: float | None  # Unix s UTC
    delay: float | None  # s
    processed: int | None  # events
    accepted: int | None  # events
    bytes: int | None


class FileStream(NamedTuple):
    """The files of one stream by lumisection, as one host reports them."""

    name: str  # with the host if several report the stream
    files: list[DeliveredFile]

    @property
    def label(self) -> str:
        """The name without the machine that wrote the files."""
        return self.name.partition("_")[0] or self.name


class RunFiles(NamedTuple):
    """The files of a run."""

    version: int  # of the newest change
    streams: list[FileStream]


def files_version(system: str, run: int) -> int:
    """The version of the files of a run; 0 without any."""
    return max((row.version for row in _graphs(system, run)), default=0)


def _graphs(system: str, run: int) -> list[Graph]:
    return list(Graph.select().where(Graph.system == system, Graph.run == run).order_by(Graph.host, Graph.tag, Graph.id))


def files_of_run(system: str, run: int, since: int = 0) -> RunFiles:
    """The files of a run; only those in parts that changed after version `since`."""
    graphs = _graphs(system, run)
    streams: dict[str, list[DeliveredFile]] = {}
    for graph in graphs:
        newer = (GraphPart.graph == graph.id) & (GraphPart.version > since)
        for part in GraphPart.select().where(newer).order_by(GraphPart.stream, GraphPart.part):
            name = part.stream if len(graphs) == 1 else f"{part.stream} ({graph.host} {graph.tag})"
            streams.setdefault(name, []).extend(_files(mapping(unpack_json(part.points)), graph))
    found = [FileStream(name, sorted(files, key=lambda file: file.lumi)) for name, files in sorted(streams.items())]
    return RunFiles(max((graph.version for graph in graphs), default=0), found)


def file_arrays(graph: Graph) -> dict[str, dict[str, list[Any]]]:
    """The arrays of FILE_COLUMNS of each stream, as P5 reports them."""
    streams: dict[str, dict[str, list[Any]]] = {}
    for part in GraphPart.select().where(GraphPart.graph == graph.id).order_by(GraphPart.stream, GraphPart.part):
        columns = streams.setdefault(part.stream, {name: [] for name in FILE_COLUMNS})
        for name, values in mapping(unpack_json(part.points)).items():
            columns.setdefault(name, []).extend(values)
    return streams


def _files(points: dict[str, Any], graph: Graph) -> Iterator[DeliveredFile]:
    columns = [points.get(name, []) for name in FILE_COLUMNS]
    for lumi, mtime, _, processed, accepted, size in zip(*columns, strict=False):
        at, lumi_number = _plausible(mtime), number(lumi)
        if lumi_number is None:
            continue
        delay = None if at is None or graph.global_start is None else at - graph.global_start - lumi_number * graph.lumi_s
        yield DeliveredFile(int(lumi_number), at, delay, _count(processed), _count(accepted), _count(size))


def _plausible(value: Any) -> float | None:
    """A number that is not negative (P5 reports -1 for an unreadable file); otherwise None."""
    found = number(value)
    return found if found is not None and 0 <= found < MAX_VALUE else None


def _count(value: Any) -> int | None:
    found = _plausible(value)
    return None if found is None else int(found)


def run_figure(run: int, chart: str, files: RunFiles) -> Figure:
    """A chart of a run."""
    title, axis = CHARTS[chart]
    labels = [stream.label for stream in files.streams]
    series = [
        ChartSeries(stream.label if labels.count(stream.label) == 1 else stream.name, _points(stream, chart)) for stream in files.streams
    ]
    return Figure(f"{title} of run {run}", axis, series)


def _points(stream: FileStream, chart: str) -> list[tuple[float, float]]:
    values = [(file.lumi, file.delay if chart == "delivery" else file.accepted) for file in stream.files]
    return [(lumi, value) for lumi, value in values if value is not None]


class Spread(NamedTuple):
    """Mean and standard deviation; None without values."""

    mean: float | None
    sigma: float | None


def spread_of(values: Iterable[float]) -> Spread:
    """Mean and standard deviation of numbers."""
    numbers = list(values)
    if not numbers:
        return Spread(None, None)
    mean = math.fsum(numbers) / len(numbers)
    return Spread(mean, math.sqrt(math.fsum((value - mean) ** 2 for value in numbers) / len(numbers)))
