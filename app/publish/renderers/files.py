"""The charts of a run and the numbers behind them, with the streams under names that tell no machine."""

from __future__ import annotations

from typing import Any

from app.publish.items import CSV, PNG, SVG, Rendered, Wanted
from app.publish.sanitize.sanitizer import Sanitizer
from app.square import charts
from app.square.models import Document, Graph
from app.square.statistics import csv_text, of_files
from app.web.charts import png, svg
from protocol.snapshot import Item


def files(wanted: Wanted) -> Rendered:
    """The charts as images and tables, and the answer of the older mirror's get_graph."""
    system, run = wanted.place.system, wanted.place.run
    known = charts.files(system, run)
    names = _names([stream.name for stream in known.streams], wanted.clean)
    known = known._replace(streams=[stream._replace(name=names[stream.name]) for stream in known.streams])
    items: list[Item] = []
    for chart in charts.CHARTS:
        figure = charts.figure(run, chart, known)
        items += [wanted.item("chart", f"{chart}.svg", SVG, svg(figure)), wanted.item("chart", f"{chart}.png", PNG, png(figure))]
        items.append(wanted.item("chart", f"{chart}.csv", CSV, csv_text(of_files(known))))
    return Rendered([*items, wanted.json("graph", "data", _graph(wanted))])


def _names(streams: list[str], clean: Sanitizer) -> dict[str, str]:
    """Each stream by the part of its name before that of the machine which wrote it; numbered where two have the same."""
    found: dict[str, str] = {}
    for name in streams:
        label = clean.text(name.partition(" (")[0].partition("_")[0])
        others = sum(1 for given in found.values() if given.partition(" ")[0] == label)
        found[name] = f"{label} {others + 1}" if others else label
    return found


def _graph(wanted: Wanted) -> list[Any]:
    system, run = wanted.place.system, wanted.place.run
    graph = Graph.select().where(Graph.system == system, Graph.run == run).order_by(Graph.id).first()
    if graph is None:
        return []
    document = Document.get_or_none(Document.system == system, Document.key == graph.key)
    rev, at = (document.rev, document.timestamp) if document else (-1, graph.received)
    streams = charts.arrays(graph)
    names = _names(list(streams), wanted.clean)
    clear = {names[name]: columns for name, columns in streams.items()}
    return [run, rev, wanted.clean.identifier(graph.key), at, graph.global_start, clear, wanted.clean.host(graph.host)]
