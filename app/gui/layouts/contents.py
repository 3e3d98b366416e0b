"""Layouts and workspaces as texts in the database, and back: JSON in the form `dqm-layouts/2`."""

from __future__ import annotations

import json
import logging
from typing import Any

from app.core.input_problems import InputProblems
from app.core.text import json_problem
from app.gui.layouts.exchange.canonical import one_line_json
from app.gui.layouts.exchange.contents import Content
from app.gui.layouts.exchange.parsing import read_layout, read_workspace
from app.gui.layouts.layout import Layout
from app.gui.layouts.models import LAYOUT, WORKSPACE

__all__ = ["Content", "content_of", "document_of", "kind_of", "plots_of", "read_stored", "text_of"]

log = logging.getLogger(__name__)


def kind_of(content: Content) -> str:
    """LAYOUT or WORKSPACE."""
    return LAYOUT if isinstance(content, Layout) else WORKSPACE


def text_of(content: Content) -> str:
    """The text that is stored; equal contents have the same."""
    return one_line_json(content.document)


def content_of(kind: str, text: str) -> Content:
    """The layout or workspace of a stored text; parts that cannot be read are left out, and the log names them."""
    problems = InputProblems()
    content = read_stored(kind, text, problems)
    if problems.count:
        place, problem = problems.listed[0]
        log.warning("A part of the %s %s cannot be read: %s: %s (%d problems)", kind, content.path, place, problem, problems.count)
    return content


def read_stored(kind: str, text: str, problems: InputProblems) -> Content:
    """As `content_of`; `problems` gets the parts that cannot be read.

    A text that is damaged, or was stored under older rules, stops no page, export or check, and can be repaired in pages.
    """
    read = read_layout if kind == LAYOUT else read_workspace
    try:
        return read(json.loads(text), problems)
    except (ValueError, RecursionError) as error:
        problems.add("document", f"The stored text is no JSON: {json_problem(error)}")
        return read({}, InputProblems())


def document_of(text: str) -> dict[str, Any]:
    """The document of a stored text as it is; {} for one that is damaged."""
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return {}
    return value if isinstance(value, dict) else {}


def plots_of(content: Content) -> str:
    """The plots of a layout as `Arrangement.plots` has them."""
    cells = content.plots if isinstance(content, Layout) else []
    return "\n".join("\t".join((cell.plot, *cell.overlay)) for cell in cells)
