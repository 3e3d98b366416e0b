"""Reads files of layouts and workspaces, whose form their content tells."""

from __future__ import annotations

import json
import tomllib
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

from app.core.input_problems import InputProblems
from app.core.text import json_problem
from app.gui.layouts.exchange import documents, records, uploads, workspace_sets
from app.gui.layouts.exchange.contents import FileContents, PlacedContent, usable
from app.gui.layouts.exchange.fields import NumberText, label

MAX_FILE_BYTES = 64 << 20

Reader = Callable[[dict[str, Any], InputProblems], Iterator[PlacedContent]]

READERS: dict[str, Reader] = {
    documents.SCHEMA: documents.read_documents,
    records.SCHEMA: records.read_records,
    workspace_sets.SCHEMA: workspace_sets.read_workspaces,
}
"""Readers by the field `schema`."""

PYTHON = ".py"
IS_PROGRAM = (
    "This file is a program of the classic DQM GUI, which DQM Hub never runs: "
    "turn it into JSON as docs/users/layout-files.md shows, and import that with --scope"
)


WHOLE_FILE = "file"
"""Place of a problem of a whole file."""


class UnreadableFile(Exception):
    """A file of which nothing can be used; the message says what would be right."""


def read_file(name: str, content: bytes, scopes: tuple[str, ...] = ()) -> FileContents:
    """The layouts and workspaces of a file, and its problems.

    Args:
        name: Its name; TOML files end in `.toml`, all others are JSON.
        scopes: Scopes of layouts and workspaces that have none, as in files that people upload to the classic DQM GUI.
    """
    problems = InputProblems()
    try:
        value = _load(name, content, problems)
        return FileContents(list(usable(_reader(value)(value, problems), scopes, problems)), problems)
    except UnreadableFile as error:
        problems.add(WHOLE_FILE, str(error))
        return FileContents([], problems)


def _load(name: str, content: bytes, problems: InputProblems) -> dict[str, Any]:
    if name.endswith(PYTHON):
        raise UnreadableFile(IS_PROGRAM)
    if not content.strip():
        raise UnreadableFile("The file is empty; expected layouts or workspaces")
    if len(content) > MAX_FILE_BYTES:
        raise UnreadableFile(f"Expected at most {MAX_FILE_BYTES:,} bytes, not {len(content):,}; several files are fine")
    value = _toml(content) if name.endswith(".toml") else _json(content, problems)
    if not isinstance(value, dict):
        raise UnreadableFile(f"Expected an object with the field schema, not {label(value)}")
    return value


def _json(content: bytes, problems: InputProblems) -> Any:
    def unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        found = dict(reversed(pairs))
        if len(found) < len(pairs):
            twice, _ = Counter(name for name, _ in pairs).most_common(1)[0]
            problems.add(label(twice), "This name is twice in one object; the first one alone is used")
        return {name: found[name] for name, _ in pairs}

    try:
        return json.loads(content.decode("utf-8-sig"), object_pairs_hook=unique, parse_float=NumberText, parse_constant=NumberText)
    except (ValueError, RecursionError) as error:
        raise UnreadableFile(f"The file is no JSON: {json_problem(error)}") from None


def _toml(content: bytes) -> Any:
    try:
        return tomllib.loads(content.decode("utf-8-sig"), parse_float=NumberText)
    except tomllib.TOMLDecodeError as error:
        raise UnreadableFile(f"The file is no TOML: {error}") from None
    except (ValueError, RecursionError) as error:
        raise UnreadableFile(f"The file is no TOML: {json_problem(error)}") from None


def _reader(value: dict[str, Any]) -> Reader:
    if "schema" not in value and uploads.is_upload(value):
        return uploads.read_upload
    schema = value.get("schema")
    if reader := READERS.get(schema) if isinstance(schema, str) else None:
        return reader
    found = f"not {label(schema)}" if "schema" in value else "which is missing"
    raise UnreadableFile(f"Expected the field schema with {' or '.join(READERS)}, {found}")
