"""When the files of a run were delivered, and how many events they hold: by stream and lumisection.

The delay of a file is its time of modification, less the start of the run, less the time until the end of its lumisection.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

from app.square.details import unpacked
from app.square.documents import ARRAYS, mapping, number
from app.square.models import Graph, GraphPart
from app.web.charts import MOST, Figure, Series

CHARTS = {"delivery": ("File delivery", "File delivery delay, s"), "rate": ("Event rate", "Accepted events per lumisection")}
"""The charts of a run by their name in addresses: title and name of the y axis."""


class File(NamedTuple):
    """One file of a stream. mtime: Unix s UTC; delay: seconds, None when it is not known; bytes: its size."""

    lumi: int
    mtime: float | None
    delay: float | None
    processed: int | None
    accepted: int | None
    bytes: int | None


class Stream(NamedTuple):
    """The files of one stream as one host saw them, by lumisection; name: with the host where two saw it."""

    name: str
    files: list[File]

    @property
    def label(self) -> str:
        """The name without the machine that wrote the files."""
        return self.name.partition("_")[0] or self.name


class Files(NamedTuple):
    """What is known of the files of a run; version: the newest change."""

    version: int
    streams: list[Stream]


def version(system: str, run: int) -> int:
    """The newest change of the files of a run; 0 before the first."""
    return max((row.version for row in _graphs(system, run)), default=0)


def _graphs(system: str, run: int) -> list[Graph]:
    return list(Graph.select().where(Graph.system == system, Graph.run == run).order_by(Graph.host, Graph.tag, Graph.id))


def files(system: str, run: int, since: int = 0) -> Files:
    """The files of a run, or only those in parts that changed after version `since`."""
    graphs = _graphs(system, run)
    streams: dict[str, list[File]] = {}
    for graph in graphs:
        newer = (GraphPart.graph == graph.id) & (GraphPart.version > since)
        for part in GraphPart.select().where(newer).order_by(GraphPart.stream, GraphPart.part):
            name = part.stream if len(graphs) == 1 else f"{part.stream} ({graph.host} {graph.tag})"
            streams.setdefault(name, []).extend(_files(mapping(unpacked(part.points)), graph))
    found = [Stream(name, sorted(of, key=lambda file: file.lumi)) for name, of in sorted(streams.items())]
    return Files(max((graph.version for graph in graphs), default=0), found)


def arrays(graph: Graph) -> dict[str, dict[str, list[Any]]]:
    """The files of each stream as P5 reports them, by the names of ARRAYS: lists of one length."""
    streams: dict[str, dict[str, list[Any]]] = {}
    for part in GraphPart.select().where(GraphPart.graph == graph.id).order_by(GraphPart.stream, GraphPart.part):
        of = streams.setdefault(part.stream, {name: [] for name in ARRAYS})
        for name, values in mapping(unpacked(part.points)).items():
            of.setdefault(name, []).extend(values)
    return streams


def _files(points: dict[str, Any], graph: Graph) -> Iterator[File]:
    columns = [points.get(name, []) for name in ARRAYS]  # -1 where the file could not be read
    for lumi, mtime, _, processed, accepted, size in zip(*columns, strict=False):
        at, of = _known(mtime), number(lumi)
        if of is None:
            continue
        delay = None if at is None or graph.global_start is None else at - graph.global_start - of * graph.lumi_s
        yield File(int(of), at, delay, _whole(processed), _whole(accepted), _whole(size))


def _known(value: Any) -> float | None:
    found = number(value)
    return found if found is not None and 0 <= found < MOST else None


def _whole(value: Any) -> int | None:
    found = _known(value)
    return None if found is None else int(found)


def figure(run: int, chart: str, known: Files) -> Figure:
    """One of the charts of a run."""
    title, axis = CHARTS[chart]
    values = [(stream.label, [(file.lumi, value(file, chart)) for file in stream.files]) for stream in known.streams]
    labels = [label for label, _ in values]
    names = [stream.label if labels.count(stream.label) == 1 else stream.name for stream in known.streams]
    series = [Series(name, [(lumi, y) for lumi, y in points if y is not None]) for name, (_, points) in zip(names, values, strict=True)]
    return Figure(f"{title} of run {run}", axis, series)


def value(file: File, chart: str) -> float | None:
    return file.delay if chart == "delivery" else file.accepted


class Spread(NamedTuple):
    """Mean and standard deviation of numbers; None without any."""

    mean: float | None
    sigma: float | None


def spread(values: Iterable[float]) -> Spread:
    given = list(values)
    if not given:
        return Spread(None, None)
    mean = math.fsum(given) / len(given)
    return Spread(mean, math.sqrt(math.fsum((one - mean) ** 2 for one in given) / len(given)))
