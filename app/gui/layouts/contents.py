"""Layouts and workspaces as texts in the database, and back: JSON in the form `dqm-layouts/2`."""

from __future__ import annotations

import json
from typing import Any

from app.gui.layouts.layout import AXES, NO_HELP, ROW, TEXT, Example, Fits, Layout, PlotCell, ShiftHelp
from app.gui.layouts.models import LAYOUT, WORKSPACE
from app.gui.layouts.workspace import KINDS, Workspace

Content = Layout | Workspace


def kind_of(content: Content) -> str:
    """LAYOUT or WORKSPACE."""
    return LAYOUT if isinstance(content, Layout) else WORKSPACE


def text_of(content: Content) -> str:
    """The text that is stored; equal contents have the same."""
    return json.dumps(content.document, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def content_of(kind: str, text: str) -> Content:
    """The layout or workspace of a stored text, which was checked before it was stored."""
    document = json.loads(text)
    return _layout(document) if kind == LAYOUT else _workspace(document)


def plots_of(content: Content) -> str:
    """The plots of a layout as `Arrangement.plots` has them."""
    cells = content.plots if isinstance(content, Layout) else []
    return "\n".join("\t".join((cell.plot, *cell.overlay)) for cell in cells)


def _layout(document: dict[str, Any]) -> Layout:
    rows = tuple(_row(row) for row in document["rows"])
    texts = {name: document.get(name, "") for name in ("help", "file")}
    return Layout(document["path"], _texts(document, "scope"), rows, **texts, fits=_fits(document), by_record="by_record" in document)


def _workspace(document: dict[str, Any]) -> Workspace:
    folders = document.get("folders", ())
    return Workspace(
        name=document["name"],
        scopes=_texts(document, "scope"),
        category=document.get("category", ""),
        rank=document.get("rank", 0),
        kind=document.get("kind", KINDS[0]),
        folders=None if folders is None else tuple(folders),
        match=document.get("match", ""),
        layouts=document.get("layouts"),
        quick=_texts(document, "quick"),
        fits=_fits(document),
        file=document.get("file", ""),
        extra=tuple(document.get("extra", {}).items()),
    )


def _row(row: str | list[Any]) -> tuple[PlotCell | None, ...]:
    return (PlotCell(row, written=ROW),) if isinstance(row, str) else tuple(_cell(cell) for cell in row)


def _cell(cell: str | dict[str, Any]) -> PlotCell | None:
    if isinstance(cell, str):
        return PlotCell(cell, written=TEXT)
    if not cell:
        return None
    help_texts = ShiftHelp(_example(cell, "good"), _example(cell, "bad"), cell.get("action", ""), cell.get("contact", ""))
    return PlotCell(
        plot=cell["plot"],
        text=cell.get("text", ""),
        draw=_draw(cell.get("draw", {})),
        reference=cell.get("reference", ""),
        overlay=_texts(cell, "overlay"),
        help=NO_HELP if help_texts == NO_HELP else help_texts,
    )


def _example(cell: dict[str, Any], name: str) -> Example:
    return Example(**cell.get(name, {}))


def _draw(document: dict[str, Any]) -> tuple[tuple[str, str], ...]:
    found = [(axis + name, value) for axis in AXES for name, value in document.get(axis, {}).items()]
    found += [("drawopts", document["options"])] if "options" in document else []
    return (*found, *document.get("extra", {}).items())


def _fits(document: dict[str, Any]) -> Fits:
    return Fits(_texts(document, "keys"), _texts(document, "beams"))


def _texts(document: dict[str, Any], name: str) -> tuple[str, ...]:
    return tuple(document.get(name, ()))
