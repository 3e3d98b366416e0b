"""Published charts and tables of the files of a run; names of streams do not contain the machine that wrote them."""

from __future__ import annotations

from typing import Any

from app.publish.rendering import CSV, PNG, SVG, RenderContext, RenderResult
from app.publish.sanitize.sanitizer import Sanitizer
from app.square import run_files
from app.square.models import Document, Graph
from app.square.run_tables import files_table
from app.web.charts import png, svg
from app.web.csv_text import csv_text
from protocol.snapshot import Item


def charts_of_files(context: RenderContext) -> RenderResult:
    """The charts as images and tables, and the response to get_graph of the original mirror."""
    system, run = context.key.system, context.key.run
    files = run_files.files_of_run(system, run)
    names = _public_names([stream.name for stream in files.streams], context.sanitizer)
    files = files._replace(streams=[stream._replace(name=names[stream.name]) for stream in files.streams])
    items: list[Item] = []
    for chart in run_files.CHARTS:
        figure = run_files.run_figure(run, chart, files)
        items += [context.item("chart", f"{chart}.svg", SVG, svg(figure)), context.item("chart", f"{chart}.png", PNG, png(figure))]
        items.append(context.item("chart", f"{chart}.csv", CSV, csv_text(files_table(files))))
    return RenderResult([*items, context.json("graph", "data", _graph(context))])


def _public_names(streams: list[str], sanitizer: Sanitizer) -> dict[str, str]:
    """Names of streams without the machine, numbered if several are equal."""
    found: dict[str, str] = {}
    for name in streams:
        label = sanitizer.text(name.partition(" (")[0].partition("_")[0])
        others = sum(1 for other in found.values() if other.partition(" ")[0] == label)
        found[name] = f"{label} {others + 1}" if others else label
    return found


def _graph(context: RenderContext) -> list[Any]:
    system, run, sanitizer = context.key.system, context.key.run, context.sanitizer
    graph = Graph.select().where(Graph.system == system, Graph.run == run).order_by(Graph.id).first()
    if graph is None:
        return []
    document = Document.get_or_none(Document.system == system, Document.key == graph.key)
    rev, at = (document.rev, document.timestamp) if document else (-1, graph.received)
    streams = run_files.file_arrays(graph)
    names = _public_names(list(streams), sanitizer)
    columns = {names[name]: columns for name, columns in streams.items()}
    return [run, rev, sanitizer.identifier(graph.key), at, graph.global_start, columns, sanitizer.host(graph.host)]
