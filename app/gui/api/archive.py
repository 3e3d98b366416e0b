"""The content of a folder as JSON: all of it, or the matches of a regular expression."""

from __future__ import annotations

from typing import Any

import re2

from app.gui.catalog.catalog import OpenSample
from app.web import Problem

MAX_SEARCH_CHARS = 200


def folder_content(sample: OpenSample, path: bytes, search: str) -> list[dict[str, Any]]:
    """Subfolders with the number of MEs below them, then MEs, in byte order.

    With `search` only MEs whose name (without the folder) matches this regular expression somewhere. Raises Problem 400.
    """
    path = path.rstrip(b"/")
    return _matches(sample, path, search) if search else _everything(sample, path)


def _everything(sample: OpenSample, path: bytes) -> list[dict[str, Any]]:
    folder = sample.names.folder(path)
    subfolders: list[dict[str, Any]] = [{"subdir": _text(sub.name), "me_count": sub.me_count} for sub in folder.subfolders]
    return subfolders + [_element(sample, index) for index in folder.mes]


def _matches(sample: OpenSample, path: bytes, search: str) -> list[dict[str, Any]]:
    pattern = _compile(search)
    folder = sample.names.folder(path)

    def matches(index: int) -> bool:
        return pattern.search(sample.names[index].rpartition(b"/")[2]) is not None

    counts = [(sub, sum(matches(index) for index in range(sub.first, sub.last))) for sub in folder.subfolders]
    subfolders: list[dict[str, Any]] = [{"subdir": _text(sub.name), "me_count": count} for sub, count in counts if count]
    return subfolders + [_element(sample, index) for index in folder.mes if matches(index)]


def _compile(search: str) -> Any:
    problem = f"Expected a regular expression of at most {MAX_SEARCH_CHARS} characters, without back references"
    if len(search) > MAX_SEARCH_CHARS:
        raise Problem(400, f"search: {problem}", [("search", problem)])
    options = re2.Options()
    options.case_sensitive = False
    options.log_errors = False
    try:
        return re2.compile(search.encode(), options)
    except re2.error as error:
        reason = error.args[0].decode(errors="replace")
        raise Problem(400, f"search: {problem}; {reason}", [("search", reason)]) from None


def _element(sample: OpenSample, index: int) -> dict[str, Any]:
    path = sample.names[index]
    statuses = [test.status for test in sample.facts.qtests.get(index, ())]
    return {"name": _text(path.rpartition(b"/")[2]), "path": _text(path), "layout": None, "qtstatuses": statuses}


def _text(name: bytes) -> str:
    """A name as text; bytes that are not UTF-8 become replacement characters."""
    return name.decode(errors="replace")
