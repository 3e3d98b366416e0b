"""Layouts and workspaces as texts in the database, and back: JSON in the form `dqm-layouts/2`."""

from __future__ import annotations

import json

from app.gui.layouts.exchange.canonical import one_line_json
from app.gui.layouts.exchange.contents import Content
from app.gui.layouts.exchange.parsing import layout_from_document, workspace_from_document
from app.gui.layouts.layout import Layout
from app.gui.layouts.models import LAYOUT, WORKSPACE

__all__ = ["Content", "content_of", "kind_of", "plots_of", "text_of"]


def kind_of(content: Content) -> str:
    """LAYOUT or WORKSPACE."""
    return LAYOUT if isinstance(content, Layout) else WORKSPACE


def text_of(content: Content) -> str:
    """The text that is stored; equal contents have the same."""
    return one_line_json(content.document)


def content_of(kind: str, text: str) -> Content:
    """The layout or workspace of a stored text."""
    read = layout_from_document if kind == LAYOUT else workspace_from_document
    return read(json.loads(text))


def plots_of(content: Content) -> str:
    """The plots of a layout as `Arrangement.plots` has them."""
    cells = content.plots if isinstance(content, Layout) else []
    return "\n".join("\t".join((cell.plot, *cell.overlay)) for cell in cells)
