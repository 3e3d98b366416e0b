"""Writes `dqm-layouts/1`; `records` reads it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Any

from app.gui.layouts.exchange.drawing import REFERENCE
from app.gui.layouts.exchange.records import ALL, SCHEMA, rows_of_records
from app.gui.layouts.layout import DRAWN, ROW, TEXT, Layout, PlotCell
from app.gui.layouts.scopes import SCOPES

SHIFT_FOLDER = "00 Shift/"


def records_document(layouts: Iterable[Layout]) -> dict[str, Any]:
    """A document with layouts in their order. It cannot hold help, run types and beams."""
    found: dict[str, Any] = {"schema": SCHEMA, "groups": [], "gaps": [], "bare_rows": [], "layouts": []}
    for layout in layouts:
        for scope in _classic_scopes(layout):
            if is_by_record(layout):
                found["layouts"] += [_record(layout, cell, scope) | {"file": layout.file} for cell in layout.plots]
            else:
                _add_grid(found, layout, scope)
    return found | {"counts": _counts(found)}


def is_by_record(layout: Layout) -> bool:
    """Whether a layout can be written as records without a grid: these are read as rows of RECORDS_IN_ROW plots without gaps."""
    plots = layout.plots
    return layout.by_record and bool(plots) and layout.rows == rows_of_records(plots) and not any(cell.written for cell in plots)


def _classic_scopes(layout: Layout) -> list[str]:
    return [ALL] if layout.scopes == SCOPES else [scope.upper() for scope in layout.scopes]


def _add_grid(found: dict[str, Any], layout: Layout, scope: str) -> None:
    group = len(found["groups"])
    items = len(found["layouts"])
    for row, cells in enumerate(layout.rows):
        for column, cell in enumerate(cells):
            place = {"group": group, "row": row, "col": column}
            if cell is None:
                found["gaps"].append([group, row, column])
            elif cell.written == ROW:
                found["bare_rows"].append({"group": group, "row": row, "text": cell.plot})
            elif cell.written == TEXT:
                found["bare_rows"].append(place | {"text": cell.plot})
            else:
                found["layouts"].append(_record(layout, cell, scope) | place)
    shape = [0 if row[0] and row[0].written == ROW else len(row) for row in layout.rows]
    of_group = {"path": layout.path, "scope": scope, "file": layout.file, "shape": shape, "items": len(found["layouts"]) - items}
    found["groups"].append(of_group)


def _record(layout: Layout, cell: PlotCell, scope: str) -> dict[str, Any]:
    destination = "/".join(filter(None, (layout.folder, cell.plot.rpartition("/")[2])))
    fields = {"name": layout.name, "source": cell.plot, "destination": destination, "scope": scope}
    unknown = {name: value for name, value in cell.draw if name not in DRAWN}
    ignored = unknown | ({REFERENCE: cell.reference} if cell.reference else {})
    options = {"draw": dict(cell.drawn), "overlays": list(cell.overlay), "description": cell.text, "draw_ignored_by_source": ignored}
    return fields | {name: value for name, value in options.items() if value}


def _counts(found: dict[str, Any]) -> dict[str, Any]:
    groups, records = found["groups"], found["layouts"]
    of_records, of_groups = Counter(each["scope"] for each in records), Counter(each["scope"] for each in groups)
    shift = [group for group in groups if group["path"].startswith(SHIFT_FOLDER)]
    return {
        "files": len({each["file"] for each in (*groups, *records) if "file" in each}),
        "groups": len(groups),
        "items": len(records),
        "items_by_scope": dict(of_records),
        "groups_by_scope": dict(of_groups),
        "visible_per_mode": {scope.upper(): of_records[scope.upper()] + of_records[ALL] for scope in SCOPES},
        "shift_groups": len(shift),
        "shift_items": sum(group["items"] for group in shift),
        "with_description": _count_with(records, "description"),
        "with_draw": _count_with(records, "draw"),
        "with_overlays": _count_with(records, "overlays"),
        "with_withref": sum(REFERENCE in record.get("draw_ignored_by_source", {}) for record in records),
        "gaps": len(found["gaps"]),
        "bare_rows": len(found["bare_rows"]),
        "distinct_names": len({record["name"] for record in records}),
        "distinct_sources": len({record["source"] for record in records}),
    }


def _count_with(records: Iterable[dict[str, Any]], field: str) -> int:
    return sum(field in record for record in records)
