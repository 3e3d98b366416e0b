"""The content of a folder as JSON: all of it, or the matches of a regular expression."""

from __future__ import annotations

from typing import Any

from app.gui.catalog.catalog import OpenSample
from app.gui.patterns import MAX_PATTERN_CHARS, InvalidPattern, compile_pattern


def folder_document(sample: OpenSample, path: bytes, search: str, field: str = "data") -> dict[str, Any]:
    """The content of a folder: subfolders with the number of MEs below them, then MEs, in byte order.

    Args:
        sample: The sample of the folder.
        path: The folder.
        search: Only MEs whose name (without the folder) matches this regular expression somewhere. An invalid one selects
            everything, as in the legacy GUI, whose front end sends each keystroke; the field `warning` then says what is wrong.
        field: The field with the content.
    """
    path = path.rstrip(b"/")
    try:
        return {field: _matches(sample, path, search) if search else _everything(sample, path)}
    except InvalidPattern as error:
        return {field: _everything(sample, path), "warning": f"search: {error}; this is the whole folder"}


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
    expected = f"expected a regular expression of at most {MAX_PATTERN_CHARS} characters, without back references"
    if len(search) > MAX_PATTERN_CHARS:
        raise InvalidPattern(f"{len(search)} characters; {expected}")
    try:
        return compile_pattern(search.encode())
    except InvalidPattern as error:
        raise InvalidPattern(f"{error}; {expected}") from None


def _element(sample: OpenSample, index: int) -> dict[str, Any]:
    path = sample.names[index]
    statuses = [test.status for test in sample.facts.qtests.get(index, ())]
    return {"name": _text(path.rpartition(b"/")[2]), "path": _text(path), "layout": None, "qtstatuses": statuses}


def _text(name: bytes) -> str:
    """A name as text; bytes that are not UTF-8 become replacement characters."""
    return name.decode(errors="replace")
