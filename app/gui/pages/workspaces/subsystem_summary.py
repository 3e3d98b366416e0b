"""The report summary of each subsystem of a sample as map, value and parts, or its certification."""

from __future__ import annotations

from typing import Any, NamedTuple

from markupsafe import Markup

from app.core.zones import ZONES
from app.formats import Subfolder
from app.gui.addresses import text
from app.gui.catalog.catalog import OpenSample
from app.gui.current import layout_index, workspace_menu
from app.gui.event_info import FOLDER
from app.gui.layouts.scopes import scope_of
from app.gui.layouts.showing.index import LayoutIndex
from app.gui.pages.run_info import LABELS, readable_fact
from app.gui.pages.tile import Tile, tile
from app.gui.pages.window import page_window
from app.gui.pages.workspace_menu import WorkspaceAddresses
from app.gui.quality import FailingCounts, failing_mes
from app.gui.view import TILE_SIZES, View
from app.web.badges import Badge


class ShareNames(NamedTuple):
    """Names in the folder `EventInfo` of a subsystem."""

    title: str  # on the page
    value: bytes  # the share of what is good
    map: bytes
    parts: bytes  # folder with the shares of its parts


REPORT = ShareNames("Report summary", b"reportSummary", b"reportSummaryMap", b"reportSummaryContents")
CERTIFICATION = ShareNames("Certification", b"CertificationSummary", b"CertificationSummaryMap", b"CertificationContents")
SHARES = {"quality": REPORT, "summary": REPORT, "certification": CERTIFICATION}
"""By the kinds of workspaces that show them; `summary` has no maps."""

EXPECTED = b"Summary/Summaries"
"""Path of the layout with the maps of all subsystems, in their usual order."""

BAD, DOUBTFUL = 0.85, 0.95
"""Shares below which a subsystem is shown as an error, or as a warning; as in the classic front end of the legacy GUI."""

NO_DAQ = -1.0
"""Value of subsystems that are not read out."""

COLUMNS = ("iRun", "iLumiSection", "iEvent", "processTimeStamp", "eventTimeStamp", "processedEvents", "processEventRate")
"""Numbers of the folder `EventInfo` in the table."""

MAX_PARTS = 200
"""Parts of one subsystem that are shown."""


class SummaryValue(NamedTuple):
    """A share from 0 to 1 of what is good, or why there is none."""

    text: str
    badge: Badge
    share: float | None
    full: str  # as it is in the file


class SummaryWindow(NamedTuple):
    """How a subsystem was at the start of the window of the page."""

    value: SummaryValue | None  # None: it is the same now
    newly_failing: int  # MEs that fail now and did not at the start
    recovered: int  # MEs that failed at the start and pass now


class SubsystemSummary(NamedTuple):
    """The report summary of a subsystem, or its certification."""

    name: str
    folder_address: str
    map: Tile | None
    value: SummaryValue | None  # None: the subsystem writes none
    facts: dict[str, str | Markup]  # of COLUMNS
    parts: list[tuple[str, SummaryValue, str]]  # name, value and address of its ME
    more_parts: int  # beyond MAX_PARTS
    parts_address: str
    me_count: int
    failing: FailingCounts  # MEs below its folder with failing quality tests
    failing_address: str  # of their list
    window: SummaryWindow | None


def summary_context(sample: OpenSample, view: View, kind: str) -> dict[str, Any]:
    """Values of gui/summary_fragment.html; kind: a key of SHARES."""
    scope = scope_of(view.key.dataset)
    summaries, absent = subsystem_summaries(sample, view, layout_index(scope), SHARES[kind])
    menu, addresses = workspace_menu(scope), WorkspaceAddresses(view)
    return {
        "summaries": summaries,
        "absent": absent,
        "named": {each.name: (found.name, addresses.of(found.name)) for each in summaries if (found := menu.find(each.name))},
        "labels": [(name, LABELS[name]) for name in COLUMNS if any(name in each.facts for each in summaries)],
        "doubtful": DOUBTFUL,
        "shares": SHARES[kind],
        "table_alone": kind == "summary",
        "tile_size": TILE_SIZES[view.size],
        "zones": [(name, view.replace(tz=name).address, name == view.tz) for name in ZONES],
    }


def subsystem_summaries(sample: OpenSample, view: View, index: LayoutIndex, shares: ShareNames) -> tuple[list[SubsystemSummary], list[str]]:
    """The summaries of the subsystems of a sample, and the names of those that the layout EXPECTED has and the sample has not.

    The subsystems of that layout come first, in its order.
    """
    maps = (source for layout in index.plots(*index.positions(EXPECTED)) for source in layout.sources)
    expected = dict.fromkeys(source.partition(b"/")[0] for source in maps)
    folders = {folder.name: folder for folder in sample.names.folder(b"").subfolders}
    found = {name: summary for name, folder in folders.items() if (summary := _summary(sample, view, folder, shares))}
    names = [*(name for name in expected if name in found), *(name for name in found if name not in expected)]
    return [found[name] for name in names], [text(name) for name in expected if name not in found]


def _summary(sample: OpenSample, view: View, folder: Subfolder, shares: ShareNames) -> SubsystemSummary | None:
    path = folder.name + FOLDER
    value, plot = _find(sample, folder, path + shares.value), _find(sample, folder, path + shares.map)
    if value is None and plot is None:
        return None
    here = view.of_folder(path[:-1])
    found = {name: _find(sample, folder, path + name.encode()) for name in COLUMNS}
    parts = sample.names.folder(path + shares.parts).mes
    return SubsystemSummary(
        text(folder.name),
        view.of_folder(folder.name).address,
        None if plot is None else tile(sample, here.replace(has_window=False), plot),  # maps are set, not filled
        None if value is None else summary_value(sample.scalar(value)),
        {name: readable_fact(name, sample.scalar(index), view.tz) for name, index in found.items() if index is not None},
        [_part(sample, view, index) for index in parts[:MAX_PARTS]],
        max(0, len(parts) - MAX_PARTS),
        view.of_folder(path + shares.parts).address,
        folder.me_count,
        failing_mes(sample.columns).counts(folder.first, folder.last),
        view.of_folder(folder.name).replace(failing=True).address,
        _window(sample, view, folder.name, path + shares.value, value),
    )


def _window(sample: OpenSample, view: View, subsystem: bytes, path: bytes, value: int | None) -> SummaryWindow | None:
    window = page_window(sample, view)
    if window is None or window.start is None:
        return None
    then = window.start.names.find(path)
    written = "" if then is None else window.start.scalar(then)
    now = "" if value is None else sample.scalar(value)
    return SummaryWindow(summary_value(written) if written != now else None, *window.changes.counts(subsystem))


def _find(sample: OpenSample, folder: Subfolder, path: bytes) -> int | None:
    return sample.names.find(path, folder.first, folder.last)


def _part(sample: OpenSample, view: View, index: int) -> tuple[str, SummaryValue, str]:
    folder, _, name = sample.names[index].rpartition(b"/")
    return text(name), summary_value(sample.scalar(index)), view.of_folder(folder).of_plot(sample.names[index]).address


def summary_value(written: str) -> SummaryValue:
    """A share as it is in the file.

    >>> summary_value("0.97619047619").text, summary_value("0.9").badge.kind, summary_value("-1").text
    ('97.6 %', 'warning', 'no DAQ')
    >>> summary_value("0.94999").text, summary_value("-0.0").text
    ('94.999 %', '0.0 %')
    """
    try:
        share = float(written)
    except ValueError:
        share = float("nan")
    if not 0 <= share <= 1:
        reason = "no DAQ" if share == NO_DAQ else "no value"
        return SummaryValue(reason, Badge("idle", "off", reason), None, written)
    kind = _kind_of(share)
    digits = next((digits for digits in range(1, 9) if _kind_of(round(share, digits + 2)) == kind), 9)  # 94.999 % is not 95.0 %
    shown = f"{100 * abs(share):.{digits}f} %"  # abs: of -0
    return SummaryValue(shown, Badge(kind, kind, shown), share, written)


def _kind_of(share: float) -> str:
    """The kind of the badge of a share."""
    return "error" if share < BAD else "warning" if share < DOUBTFUL else "ok"
