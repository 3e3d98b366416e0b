"""The panel with a text, such as who is on shift, or a telephone number."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from app.core.area import PanelOption, WallPanel


def _context(options: Mapping[str, Any]) -> Mapping[str, Any]:
    return {"lines": str(options["text"]).splitlines()}


def _problems(options: Mapping[str, Any]) -> Iterable[tuple[str, str]]:
    if not str(options["text"]).strip():
        yield "text", "Expected at least one line of text"


TEXT = WallPanel(
    "text", "Text", "wall/text.html", _context, (PanelOption("text", "The text; each line stands on its own.", ""),), _problems
)
