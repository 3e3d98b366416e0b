"""The canonical text of a document: equal documents have equal bytes, and versions can be compared line by line."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

RECORD_NAMES = frozenset({"path", "name", "foldersPath", "group"})
"""Each record has one of these fields."""


def canonical_text(document: Mapping[str, Any]) -> str:
    """A document as JSON in UTF-8 with sorted names, each record on a line of its own, and a line break at the end."""
    return f"{_text(document)}\n"


def one_line_json(value: Any) -> str:
    """A value as JSON on one line, with sorted names."""
    return json.dumps(value, sort_keys=True, ensure_ascii=False, separators=(",", ":"))


def _text(value: Any) -> str:
    """Several lines for a value that contains records, otherwise one line."""
    if not _holds_records(value):
        return one_line_json(value)
    if isinstance(value, Mapping):
        return "{\n" + ",\n".join(f"{one_line_json(name)}:{_text(value[name])}" for name in sorted(value)) + "\n}"
    return "[\n" + ",\n".join(map(_text, value)) + "\n]"


def _holds_records(value: Any) -> bool:
    if isinstance(value, Mapping):
        return RECORD_NAMES.isdisjoint(value) and any(map(_holds_records, value.values()))
    return isinstance(value, list) and any(_is_record(entry) or _holds_records(entry) for entry in value)


def _is_record(value: Any) -> bool:
    return isinstance(value, Mapping) and not RECORD_NAMES.isdisjoint(value)
