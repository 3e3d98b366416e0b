"""Names of monitor elements (MEs) that are similar to one that does not exist, for the error message."""

from __future__ import annotations

from difflib import get_close_matches
from itertools import islice

from app.formats import MENames
from app.gui.catalog.catalog import OpenSample
from app.gui.errors import UnknownElement

MAX_CANDIDATES = 200
"""Names that are compared: a comparison takes about 50 microseconds."""

MAX_NAMES = 3


def near_names(names: MENames, path: bytes) -> list[bytes]:
    """At most MAX_NAMES paths of MEs: similar names in the same folder, then the same name in other folders."""
    folder, _, name = path.rpartition(b"/")
    siblings = {_text(names[index].rpartition(b"/")[2]): index for index in islice(names.folder(folder).mes, MAX_CANDIDATES)}
    found = [siblings[match] for match in get_close_matches(_text(name), siblings, MAX_NAMES)]
    if len(found) < MAX_NAMES and name:
        elsewhere = names.search([_text(name)], MAX_CANDIDATES)
        found += [index for index in elsewhere if names[index].rpartition(b"/")[2].lower() == name.lower() and index not in found]
    return [names[index] for index in found[:MAX_NAMES]]


def unknown_element(sample: OpenSample, path: bytes) -> UnknownElement:
    """The error about an ME that a sample does not have."""
    near = ", ".join(_text(name) for name in near_names(sample.names, path))
    return UnknownElement(f"There is no monitor element {_text(path)} in {sample.key}" + (f"; similar names: {near}" if near else ""))


def _text(name: bytes) -> str:
    return name.decode(errors="replace")
