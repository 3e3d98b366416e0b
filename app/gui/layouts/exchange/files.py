"""Reads files of layouts and workspaces; recognises the form by the content."""

from __future__ import annotations

import json
import tomllib
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from app.core.input_problems import InputProblems
from app.core.text import json_problem
from app.gui.layouts.exchange import documents, records, uploads, workspace_sets
from app.gui.layouts.exchange.contents import FileContents, PlacedContent, storable, usable
from app.gui.layouts.exchange.fields import NumberText, label

MAX_FILE_BYTES = 64 << 20

Reader = Callable[[dict[str, Any], InputProblems], Iterator[PlacedContent]]

READERS: dict[str, Reader] = {
    documents.SCHEMA: documents.read_documents,
    records.SCHEMA: records.read_records,
    workspace_sets.SCHEMA: workspace_sets.read_workspaces,
}
"""Readers by the field `schema`."""

IS_EMPTY = "The file is empty; expected layouts or workspaces"
PYTHON, TOML = ".py", ".toml"
IS_PROGRAM = (
    "This file is a program of the classic DQM GUI, which DQM Hub never runs: "
    "turn it into JSON as docs/users/layout-files.md shows, and import that with --scope"
)


IDENTITIES = ("path", "name", "label", "plot", "source")
"""Fields that identify an object in messages, because the JSON parser gives no line numbers."""

WHOLE_FILE = "file"
"""Place of a problem of a whole file."""


class UnreadableFile(Exception):
    """A file without any usable content; the message says what would be right."""


def read_path(path: Path, scopes: tuple[str, ...] = ()) -> FileContents:
    """As `read_file`, for a file on disk; a too large file is not read to its end. Raises OSError."""
    with path.open("rb") as file:
        return read_file(path.name, file.read(MAX_FILE_BYTES + 1), scopes)


def read_file(name: str, content: bytes, scopes: tuple[str, ...] = ()) -> FileContents:
    """The layouts and workspaces of a file, and its problems.

    Args:
        name: Its name; TOML files end in `.toml`, or `.TOML`, all others are JSON.
        scopes: Scopes of layouts and workspaces that have none, as in files that people upload to the classic DQM GUI.
    """
    problems = InputProblems()
    try:
        value = _load(name, content, problems)
        reader = _reader(value)
        found = reader(value, problems)
        # the other forms are not read as documents, so the limits of stored documents are checked here
        checked = found if reader is documents.read_documents else storable(found, problems)
        return FileContents(list(usable(checked, scopes, problems)), problems)
    except UnreadableFile as error:
        problems.add(WHOLE_FILE, str(error))
        return FileContents([], problems)


def _load(name: str, content: bytes, problems: InputProblems) -> dict[str, Any]:
    suffix = Path(name.lower()).suffix
    if suffix == PYTHON:
        raise UnreadableFile(IS_PROGRAM)
    if len(content) > MAX_FILE_BYTES:
        raise UnreadableFile(f"Expected at most {MAX_FILE_BYTES:,} bytes; several files are fine")
    if not content.strip():
        raise UnreadableFile(IS_EMPTY)
    value = _toml(content) if suffix == TOML else _json(content, problems)
    if not isinstance(value, dict):
        raise UnreadableFile(f"Expected an object with the field schema, not {label(value)}")
    if not value:  # as an upload of nothing
        raise UnreadableFile(IS_EMPTY)
    return value


def _json(content: bytes, problems: InputProblems) -> Any:
    def unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        if len(found := dict(pairs)) == len(pairs):
            return found
        first = found | dict(reversed(pairs))
        called = next((f"{name} {label(first[name])}" for name in IDENTITIES if isinstance(first.get(name), str)), label(first))
        for name, times in Counter(name for name, _ in pairs).items():
            if times > 1:
                problems.add(label(name), f"This name is more than once in one object ({called}); only the first one is used")
        return first

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
