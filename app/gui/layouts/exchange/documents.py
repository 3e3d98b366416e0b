"""The form `dqm-layouts/2`, of JSON and TOML files; docs/users/layout-files.md describes it."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from app.core.input_problems import InputProblems
from app.gui.layouts.errors import InvalidArrangement
from app.gui.layouts.exchange.contents import Content, PlacedContent, note_invalid
from app.gui.layouts.exchange.fields import DocumentFields
from app.gui.layouts.exchange.parsing import layout_from_document, workspace_from_document
from app.gui.layouts.workspace import Workspace

SCHEMA = "dqm-layouts/2"
LAYOUTS, WORKSPACES = "layout", "workspace"
MAX_ENTRIES = 1_000_000

_BARE_NAME = re.compile(r"[A-Za-z0-9_-]+")


def read_documents(value: dict[str, Any], problems: InputProblems) -> Iterator[PlacedContent]:
    """The layouts and then the workspaces of a file in its order; those with problems are left out."""
    file = DocumentFields(value, "", ("schema", "origin", LAYOUTS, WORKSPACES), problems)
    parsers: dict[str, Callable[[Any], Content]] = {LAYOUTS: layout_from_document, WORKSPACES: workspace_from_document}
    for name, parse in parsers.items():
        for index, document in enumerate(file.list(name, MAX_ENTRIES)):
            place = f"{name}[{index}]"
            try:
                yield PlacedContent(place, parse(document))
            except InvalidArrangement as error:
                path = document.get("path", document.get("name")) if isinstance(document, dict) else None
                note_invalid(error, place, name, path, problems)


def file_document(contents: Iterable[Content]) -> dict[str, Any]:
    """A document with layouts and workspaces in their order."""
    found: dict[str, Any] = {"schema": SCHEMA, LAYOUTS: [], WORKSPACES: []}
    for content in contents:
        found[WORKSPACES if isinstance(content, Workspace) else LAYOUTS].append(content.document)
    return found


def toml_text(contents: Iterable[Content]) -> str:
    """A file with layouts and workspaces in their order; rows have a line each."""
    document = file_document(contents)
    tables = [_toml_table(name, entry) for name in (LAYOUTS, WORKSPACES) for entry in document[name]]
    return "\n".join([f"schema = {_toml(SCHEMA)}\n", *tables])


def _toml_table(name: str, entry: dict[str, Any]) -> str:
    lines = [f"[[{name}]]"]
    for field, value in entry.items():
        if field == "rows" and value:
            lines += ["rows = [", *(f"  {_toml(row)}," for row in value), "]"]
        else:
            lines.append(f"{_toml_name(field)} = {_toml(value)}")
    return "\n".join(lines) + "\n"


def _toml(value: Any) -> str:
    if isinstance(value, dict):
        fields = ", ".join(f"{_toml_name(name)} = {_toml(entry)}" for name, entry in value.items())
        return f"{{ {fields} }}" if fields else "{}"
    if isinstance(value, list):
        return f"[{', '.join(map(_toml, value))}]"
    # TOML has no null, for which readers of folders take false
    return json.dumps(False if value is None else value, ensure_ascii=False)


def _toml_name(name: str) -> str:
    return name if _BARE_NAME.fullmatch(name) else _toml(name)
