"""The quick collection of a workspace on a sample: each entry is the path of a layout or of a plot, or is missing."""

from __future__ import annotations

from typing import NamedTuple
from weakref import WeakKeyDictionary

from app.formats import MENames
from app.gui.catalog.catalog import OpenSample
from app.gui.layouts.showing.index import LayoutIndex, LayoutRef
from app.gui.layouts.workspace import Workspace
from app.gui.plots.near_names import near_names


class QuickEntry(NamedTuple):
    """An entry of a quick collection."""

    path: bytes
    layout: LayoutRef | None = None
    me: int | None = None  # index of the monitor element (ME) if it is no layout
    near: bytes = b""  # the path of a layout or ME with a similar name if there is none with this one
    near_is_layout: bool = False

    @property
    def is_missing(self) -> bool:
        """Whether neither a layout of the scope nor an ME of the sample has this path."""
        return self.layout is None and self.me is None


_near: WeakKeyDictionary[MENames, dict[bytes, bytes]] = WeakKeyDictionary()
"""Similar names by the path that does not exist: a search takes up to 10 ms, and many entries can be missing."""


def quick_entries(sample: OpenSample, index: LayoutIndex, workspace: Workspace) -> list[QuickEntry]:
    """The entries of the quick collection of a workspace in their order; index: of the scope of the sample."""
    return [_entry(sample, index, path.encode(errors="surrogatepass")) for path in workspace.quick]


def _entry(sample: OpenSample, index: LayoutIndex, path: bytes) -> QuickEntry:
    if layout := index.find(path):
        return QuickEntry(path, layout)
    if (me := sample.names.find(path)) is not None:
        return QuickEntry(path, me=me)
    if near := _nearest(index.paths, path):
        return QuickEntry(path, near=near, near_is_layout=True)
    return QuickEntry(path, near=_nearest(sample.names, path))


def _nearest(names: MENames, path: bytes) -> bytes:
    """The path most similar to one that does not exist; b"" if none is similar."""
    known = _near.setdefault(names, {})
    if path not in known:
        known[path] = next(iter(near_names(names, path)), b"")
    return known[path]
