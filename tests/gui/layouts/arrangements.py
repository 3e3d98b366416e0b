"""Layouts and workspaces for tests."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from app.gui.layouts.layout import ROW, TEXT, Layout, PlotCell
from app.gui.layouts.scopes import SCOPES


def layout(path: str = "Pixel/Layouts/charge", *plots: str, scopes: tuple[str, ...] = ("online",)) -> Layout:
    """A layout with a row of plots."""
    return Layout(path, scopes, (tuple(PlotCell(plot) for plot in plots or ("Pixel/charge",)),))


def real_layouts(fixtures: Path) -> list[Layout]:
    """The layouts of the classic DQM GUI."""
    value = json.loads((fixtures / "dqmgui" / "layouts.json").read_text())
    grids: dict[int, list[list[PlotCell | None]]] = {
        number: [[None] * max(cells, 1) for cells in group["shape"]] for number, group in enumerate(value["groups"])
    }
    for record in value["layouts"]:
        if "group" in record:
            grids[record["group"]][record["row"]][record["col"]] = _cell(record)
    for bare in value["bare_rows"]:
        written = TEXT if "col" in bare else ROW
        grids[bare["group"]][bare["row"]][bare.get("col", 0)] = PlotCell(bare["text"], written=written)
    return [
        Layout(group["path"], _scopes(group["scope"]), tuple(map(tuple, grids[number])), file=group["file"])
        for number, group in enumerate(value["groups"])
    ]


def _scopes(scope: str) -> tuple[str, ...]:
    return SCOPES if scope == "ALL" else (scope.lower(),)


def _cell(record: dict[str, Any]) -> PlotCell:
    return PlotCell(
        record["source"],
        record.get("description", ""),
        tuple(record.get("draw", {}).items()),
        record.get("draw_ignored_by_source", {}).get("withref", ""),
        tuple(record.get("overlays", ())),
    )
