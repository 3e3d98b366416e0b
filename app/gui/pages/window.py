"""The window of a page: its plots show the last lumisections of an ongoing run, what was filled since a snapshot of the run.

Numbers, texts and results of quality tests are shown as they are now and as they were at the start of the window.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Sequence
from functools import cached_property
from typing import Any, NamedTuple

from flask import g

from app.core.text import counted
from app.formats import Kind
from app.gui.addresses import FormField, text
from app.gui.catalog.catalog import OpenSample
from app.gui.current import current_catalog, current_snapshots
from app.gui.errors import NoWindow
from app.gui.event_info import newest_event
from app.gui.files.entries import is_live
from app.gui.pages.readable import readable_value
from app.gui.plots.windows import why_no_window
from app.gui.quality import failing_mes, status_badge
from app.gui.snapshots.keeping import why_not_kept
from app.gui.snapshots.open_snapshot import OpenSnapshot
from app.gui.snapshots.snapshots import start_among
from app.gui.view import WINDOWS, View
from app.web.badges import Badge

LENGTHS = (1, 5, 10, 20, 50)
"""Windows to choose, lumisections; a form takes others."""


class WindowNote(NamedTuple):
    """What the tile of an ME says of the window."""

    reason: str  # why there is no plot of the window, or ""
    value: str  # text of a scalar at the start of the window, for people; "" if it is the same now
    status: Badge | None  # of the quality tests at the start, if it was another one
    is_new: bool  # whether the start has no such ME


NO_NOTE = WindowNote("", "", None, is_new=False)


class StatusChanges(NamedTuple):
    """MEs whose quality tests fail at one end of the window alone, as paths in alphabetical order."""

    newly_failing: list[bytes]
    recovered: list[bytes]

    def counts(self, folder: bytes) -> tuple[int, int]:
        """Their numbers below a folder."""
        return len(_below(self.newly_failing, folder)), len(_below(self.recovered, folder))

    def recovered_below(self, folder: bytes) -> Sequence[bytes]:
        """Those below a folder that pass now."""
        return _below(self.recovered, folder)


class PageWindow:
    """The window of a page.

    Attributes:
        lumis: Its length, lumisections.
        start: The snapshot of its start; None if there is no such window, and if it is the whole run.
        problem: Why there is none, or "".
        is_online: Whether the sample is of an online run. Those of others have no windows, and are shown whole.
    """

    def __init__(self, sample: OpenSample, lumis: int) -> None:
        self.lumis, self.problem = lumis, ""
        self.start: OpenSnapshot | None = None
        self.is_online = has_windows(sample)
        self._sample = sample
        self._newest = newest_event(sample).lumi or 0
        if not self.is_online:
            self.problem = f"Only online runs have windows, as long as their snapshots are kept. The plots show all of {sample.key}"
            return
        try:
            self.start = current_snapshots().start_of_window(sample, lumis)
        except NoWindow as error:
            self.problem = error.message

    @property
    def span(self) -> str:
        """What plots show, as a sentence; "" for a page with a problem."""
        if self.problem:
            return ""
        if self.start is None:
            return f"The run has only {counted(self._newest, 'lumisection')}: its plots show all of it"
        wanted = self._newest - self.lumis
        missing = f" ({counted(self._newest - self.start.lumi, 'lumisection')}: no snapshot of lumisection {wanted})"
        return f"Plots show what was filled after lumisection {self.start.lumi}{missing if self.start.lumi < wanted else ''}"

    def note(self, index: int) -> WindowNote:
        """The note of an ME for its tile."""
        if not self.is_online:
            return NO_NOTE
        sample, start = self._sample, self.start
        kind = Kind(sample.columns.kind[index])
        if start is None and not self.problem:
            return NO_NOTE
        if start is None:
            return WindowNote("" if kind.scalar else f"No window of {counted(self.lumis, 'lumisection')}", "", None, is_new=False)
        then = start.names.find(sample.names[index])
        reason = "" if kind.scalar else self._reason(index)
        if then is None:
            return WindowNote(reason, "", None, is_new=True)
        name = text(sample.names[index].rpartition(b"/")[2])
        value = start.scalar(then) if kind.scalar and Kind(start.columns.kind[then]).scalar else ""
        status = start.columns.status[then]
        return WindowNote(
            reason,
            readable_value(name, value) if value != sample.scalar(index) else "",
            status_badge(status) if status != sample.columns.status[index] else None,
            is_new=False,
        )

    def _reason(self, index: int) -> str:
        """Why a histogram has no window whatever it holds; the renderer finds the other reasons."""
        columns = self._sample.columns
        reason = why_no_window(self._sample.names[index], columns.kind[index], columns.flags[index])
        return reason and f"No window: {reason}"

    def status_then(self, path: bytes) -> int:
        """The worst status of the quality tests of an ME at the start; 0 without tests, and for an ME that it has not."""
        index = self.start.names.find(path) if self.start else None
        return self.start.columns.status[index] if self.start and index is not None else 0

    @cached_property
    def changes(self) -> StatusChanges:
        """The MEs that fail now and did not at the start, and those that failed and pass now."""
        if not self.start:
            return StatusChanges([], [])
        now = {self._sample.names[index] for mes in failing_mes(self._sample.columns) for index in mes}
        then = {self.start.names[index] for mes in failing_mes(self.start.columns) for index in mes}
        recovered = [path for path in then - now if self._sample.names.find(path) is not None]
        return StatusChanges(sorted(now - then), sorted(recovered))


class WindowChoice(NamedTuple):
    """The windows that readers can choose on a page."""

    choices: list[tuple[str, str, bool]]  # title, address, and whether it is that of the page; the whole run first
    snapshots: str  # which ones there are, or why there are none
    longest: int  # lumisections


class PageForm(NamedTuple):
    """Addresses of a page with other windows."""

    address: Callable[[View], str]
    path: str
    fields: list[FormField]  # of a form that chooses a window


def window_context(sample: OpenSample | None, view: View, form: PageForm | None = None) -> dict[str, Any]:
    """Values of gui/window_choice.html. form: None for a page whose address is that of its view."""
    whole = view.replace(window=0)
    form = form or PageForm(lambda view: view.address, view.path, whole.fields)
    return {
        "window": page_window(sample, view) if sample else None,
        "window_form": form,
        "window_choice": _window_choice(sample, view, form) if sample else None,
        "whole_run": form.address(whole),
    }


def _window_choice(sample: OpenSample, view: View, form: PageForm) -> WindowChoice | None:
    """The windows to choose on a page; None for samples without any."""
    if not has_windows(sample):
        return None
    found, newest = current_snapshots().of(sample.key), newest_event(sample).lumi
    if not found or newest is None:
        return WindowChoice([], why_not_kept(sample, current_catalog().settings) or "No snapshots of this run yet", 0)
    longest = min(newest - found[-1].lumi, WINDOWS[-1])
    lengths = sorted({view.window, *(length for length in LENGTHS if start_among(found, newest, length))} - {0})
    choices = [(f"Last {length}", form.address(view.replace(window=length)), length == view.window) for length in lengths]
    last = found[0].lumi
    snapshots = f"{len(found)} snapshots, lumisections {found[-1].lumi} to {last}" if found[1:] else f"1 snapshot, lumisection {last}"
    choices.insert(0, ("Whole run", form.address(view.replace(window=0)), not view.window))
    return WindowChoice(choices, snapshots, longest)


def has_windows(sample: OpenSample) -> bool:
    """Whether a sample can have windows: a whole online run."""
    return is_live(sample.key.run, sample.key.dataset) and not sample.key.lumi


def page_window(sample: OpenSample, view: View) -> PageWindow | None:
    """The window of a view, looked up once in a request; None for a view of the whole run."""
    if not view.window:
        return None
    found: dict[Any, PageWindow] = g.setdefault("page_windows", {})
    key = (sample.key, sample.version, view.window)
    if key not in found:
        found[key] = PageWindow(sample, view.window)
    return found[key]


def window_start(sample: OpenSample, view: View) -> OpenSnapshot | None:
    """The start of the window of a view; None if the whole is shown, as of a run that is not longer. Raises NoWindow for an online run without this window."""
    window = page_window(sample, view)
    if window is None or not window.is_online:
        return None
    if window.problem:
        raise NoWindow(window.problem)
    return window.start


def _below(paths: Sequence[bytes], folder: bytes) -> Sequence[bytes]:
    """Those of sorted paths that are below a folder."""
    return paths[bisect_left(paths, folder + b"/") : bisect_left(paths, folder + b"0")] if folder else paths
