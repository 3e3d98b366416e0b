"""The content of a folder as JSON: all of it, or the matches of a regular expression.

A folder has the plots of the layouts in it, besides the MEs of the sample, as in the legacy DQM GUI.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any

from app.formats import Subfolder
from app.gui.catalog.catalog import OpenSample
from app.gui.current import layout_contents, layout_index
from app.gui.layouts.scopes import SCOPES, scope_of
from app.gui.layouts.showing.placed import PlacedCell, place
from app.gui.layouts.showing.plot_names import NameSearch
from app.gui.patterns import MAX_PATTERN_CHARS, InvalidPattern


def folder_document(sample: OpenSample, path: bytes, search: str, field: str = "data") -> dict[str, Any]:
    """The content of a folder: subfolders with the number of MEs and plots below them, MEs, and plots of layouts, in byte order.

    Args:
        sample: The sample of the folder.
        path: The folder.
        search: Only MEs whose name (without the folder) matches this regular expression somewhere, and plots of layouts if the
            name of their ME or layout does. An invalid one selects everything, as in the legacy GUI, whose front end sends each
            keystroke; the field `warning` then says what is wrong.
        field: The field with the content.
    """
    path = path.rstrip(b"/")
    try:
        return {field: _content(sample, path, _compile(search) if search else None)}
    except InvalidPattern as error:
        return {field: _content(sample, path, None), "warning": f"search: {error}; this is the whole folder"}


def _content(sample: OpenSample, path: bytes, search: NameSearch | None) -> list[dict[str, Any]]:
    """The content of a folder; `search` is None without a search."""
    index = layout_index(scope_of(sample.key.dataset))
    folder, layouts = sample.names.folder(path), index.folder(path)
    counts = Counter({sub.name: _me_count(sample, sub, search) for sub in folder.subfolders})
    marks = index.names.marks(search) if search and layouts.subfolders else b""
    counts += Counter({sub.name: marks.count(1, sub.first, sub.last) if search else sub.plots for sub in layouts.subfolders})
    found = [{"subdir": _text(name), "me_count": counts[name]} for name in sorted(counts)]
    found += [_element(sample, me) for me in folder.mes if not search or search.matches(_name(sample.names[me]))]
    for ref, layout in layout_contents(layouts.layouts):
        is_whole = not search or search.matches(ref.name)
        cells = place(layout, sample).cells
        found += [_layout_element(sample, layout.name, cell) for cell in cells if is_whole or (search and search.matches(_name(cell.path)))]
    return found


def _me_count(sample: OpenSample, folder: Subfolder, search: NameSearch | None) -> int:
    if search is None:
        return folder.me_count
    return sum(search.matches(_name(sample.names[me])) for me in range(folder.first, folder.last))


def places(name: bytes) -> Iterator[dict[str, str]]:
    """The plots of all layouts of a name, in the form of the legacy GUI: path of the ME, and place in the folder of the layout.

    A layout in several scopes is there once. A name with folders before it is the end of a path.
    """
    found = {ref.arrangement: (ref, sources) for scope in SCOPES for ref, sources in layout_index(scope).named(name)}
    for ref, sources in found.values():
        folder = ref.folder + b"/" if ref.folder else b""
        for source in sources:
            yield {"source": _text(source), "destination": _text(folder + _name(source))}


def _compile(search: str) -> NameSearch:
    expected = f"expected a regular expression of at most {MAX_PATTERN_CHARS} characters, without back references"
    if len(search) > MAX_PATTERN_CHARS:
        raise InvalidPattern(f"{len(search)} characters; {expected}")
    try:
        return NameSearch(search)
    except InvalidPattern as error:
        raise InvalidPattern(f"{error}; {expected}") from None


def _element(sample: OpenSample, me: int) -> dict[str, Any]:
    path = sample.names[me]
    return {"name": _text(_name(path)), "path": _text(path), "layout": None, "qtstatuses": _statuses(sample, me)}


def _layout_element(sample: OpenSample, layout: str, placed: PlacedCell) -> dict[str, Any]:
    """A plot of a layout, if the sample has its ME or not: clients then get the image that says so."""
    cell = placed.cell
    of_layout = {"layout": layout, "draw": dict(cell.drawn), "overlays": list(cell.overlay), "description": cell.text}
    statuses = [] if placed.me is None else _statuses(sample, placed.me)
    return {"name": _text(_name(placed.path)), "path": cell.plot, **of_layout, "qtstatuses": statuses}


def _statuses(sample: OpenSample, me: int) -> list[int]:
    return [test.status for test in sample.facts.qtests.get(me, ())]


def _name(path: bytes) -> bytes:
    return path.rpartition(b"/")[2]


def _text(name: bytes) -> str:
    """A name as text; bytes that are not UTF-8 become replacement characters."""
    return name.decode(errors="replace")
