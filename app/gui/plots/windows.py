"""Windows of ongoing runs: what was filled into monitor elements (MEs) in the last lumisections.

The render service subtracts the snapshot at the start of a window from the newest one; see docs/developers/renderer.md. Some MEs
have no window whatever they hold: that is said here.
"""

from __future__ import annotations

from app.formats import FormatError, Kind, MERow
from app.formats.listing import EFFICIENCY, LUMI
from app.gui.errors import NotSubtractable
from app.gui.event_info import FOLDER as EVENT_INFO
from app.gui.snapshots.open_snapshot import OpenSnapshot

NOTHING_BEFORE = b"", 0
"""The earlier object of an ME that was not there at the start of a window."""


def why_no_window(path: bytes, kind: int, flags: int) -> str:
    """Why an ME has no window; "" if that depends on its contents.

    Args:
        path: Of the ME.
        kind, flags: As in `app.formats.Columns`.
    """
    if Kind(kind).scalar:
        return "it is a text" if kind == Kind.STRING else "it is a number"
    if flags & EFFICIENCY:
        return "it is an efficiency, and the difference of two is none"
    if flags & LUMI:
        return "it covers one lumisection alone"
    if EVENT_INFO in path:
        return "EventInfo holds the state of a subsystem, which does not add up"
    return ""


def check_window(path: bytes, row: MERow) -> None:
    """Raise NotSubtractable for an ME that has no window whatever it holds."""
    if reason := why_no_window(path, row.kind, row.flags):
        raise NotSubtractable(path.decode(errors="replace"), reason)


def earlier_object(since: OpenSnapshot, path: bytes, row: MERow) -> tuple[bytes, int]:
    """Bytes and displacement of an ME at the start of its window; `row` is that of the whole. Raises NotSubtractable, NoWindow."""
    check_window(path, row)
    index = since.names.find(path)
    if index is None:
        return NOTHING_BEFORE
    name = path.decode(errors="replace")
    if Kind(since.columns.kind[index]).scalar:
        raise NotSubtractable(name, f"it was no histogram at lumisection {since.lumi}")
    try:
        content = since.payload(index)
    except FormatError as error:
        raise NotSubtractable(name, f"its snapshot of lumisection {since.lumi} is damaged ({error})") from error
    return content.data, content.displacement
