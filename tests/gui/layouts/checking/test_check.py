"""The check of layouts names what is wrong, and where."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from pathlib import Path

import pytest

from app.core.settings import Settings
from app.formats import MENames
from app.gui.catalog.seen_names import seen_names
from app.gui.layouts.checking.check import CheckedContent, CheckReport, check_contents, check_layout
from app.gui.layouts.checking.findings import (
    DRAWING_OPTION,
    DUPLICATE_PATH,
    DUPLICATE_PLOT,
    STRING_ROW,
    UNKNOWN_ENTRY,
    UNKNOWN_OVERLAY,
    UNKNOWN_PLOT,
    UNREACHABLE,
)
from app.gui.layouts.checking.names import unknown_in_lists
from app.gui.layouts.contents import Content
from app.gui.layouts.layout import ROW, TEXT, Layout, PlotCell
from app.gui.layouts.workspace import Workspace
from app.gui.models import NameList
from tests.gui.layouts.arrangements import layout, real_layouts

NAMES = [b"DT/hits", b"Pixel/charge", b"Pixel/size"]


def check(*contents: Content, names: Iterable[bytes] = NAMES) -> CheckReport:
    checked = [CheckedContent(content) for content in contents]
    return check_contents(checked, lambda paths: unknown_in_lists(paths, [list(names)], "any sample"))


def found(*contents: Content) -> list[tuple[str, str, str]]:
    return [(finding.kind, finding.place, finding.value) for finding in check(*contents).findings]


def grid(*cells: PlotCell) -> Layout:
    return Layout("Pixel/Layouts/grid", ("online",), (cells,))


def test_a_layout_without_faults_has_no_findings() -> None:
    report = check(layout("Pixel/Layouts/charge", "Pixel/charge", "DT/hits"))
    assert report == CheckReport(1, 0, 2, 3, [])


def test_a_name_that_no_sample_has_is_found_with_its_place_and_the_nearest_names() -> None:
    cells = PlotCell("Pixel/charge", overlay=("Pixel/sise",)), PlotCell("Pixel/charg"), PlotCell("Ecal/none")
    overlay, plot, other = check(grid(*cells)).findings
    assert overlay[:5] == (UNKNOWN_OVERLAY, "Pixel/Layouts/grid", ("online",), "rows[0][0].overlay[0]", "Pixel/sise")
    assert overlay.near == ("Pixel/size",)
    assert (plot.kind, plot.place, plot.near) == (UNKNOWN_PLOT, "rows[0][1]", ("Pixel/charge",))
    assert str(plot) == (
        "Pixel/Layouts/grid (online), rows[0][1]: No monitor element of any sample is at Pixel/charg; the nearest is Pixel/charge"
    )
    assert other.problem == "No monitor element of any sample is at Ecal/none; no name is similar"


def test_a_path_of_a_folder_is_named_as_such() -> None:
    (finding,) = check(layout("Pixel/Layouts/charge", "Pixel")).findings
    assert (finding.kind, finding.near) == (UNKNOWN_PLOT, ())
    assert finding.problem == "Pixel is a folder of monitor elements: expected the path of one of them"


def test_names_are_not_checked_where_no_sample_is_known() -> None:
    report = check(layout("Pixel/Layouts/charge", "Pixel/none"), names=[])
    assert (report.compared, report.findings) == (0, [])


def test_a_plot_that_is_drawn_twice_in_the_same_way_is_a_duplicate() -> None:
    linear, log = PlotCell("Pixel/charge"), PlotCell("Pixel/charge", draw=(("ytype", "log"),))
    assert found(grid(linear, log)) == []
    assert found(grid(linear, log, PlotCell("Pixel/charge", text="again"))) == [(DUPLICATE_PLOT, "rows[0][2]", "Pixel/charge")]


@pytest.mark.parametrize(
    ("draw", "value", "expected"),
    [
        ({"yrange": "1"}, "yrange=1", "There is no such drawing option"),
        ({"ymin": "5", "ymax": "2"}, "ymax=2", "ymax: "),
        ({"drawopts": "COLZ;x"}, "drawopts=COLZ;x", "drawopts: "),
    ],
)
def test_a_drawing_option_that_cannot_be_used_is_found(draw: dict[str, str], value: str, expected: str) -> None:
    (finding,) = check(grid(PlotCell("Pixel/charge", draw=tuple(draw.items())))).findings
    assert (finding.kind, finding.place, finding.value) == (DRAWING_OPTION, "rows[0][0].draw", value)
    assert expected in finding.problem


def test_a_row_that_is_a_text_is_found_and_a_cell_that_is_a_text_is_fine() -> None:
    row = Layout("a", ("online",), ((PlotCell("Pixel/charge", written=ROW),), (PlotCell("DT/hits", written=TEXT),)))
    assert found(row) == [(STRING_ROW, "rows[0]", "Pixel/charge")]


def test_a_layout_without_plots_is_unreachable() -> None:
    assert found(Layout("Pixel/Layouts/gaps", ("online",), ((None, None),))) == [(UNREACHABLE, "rows", "")]


@pytest.mark.parametrize(
    "workspace",
    [
        Workspace("Everything", ("online",)),
        Workspace("Pixel", ("online",), folders=("Pixel",)),
        Workspace("Pixel", ("online",), folders=("DT",), layouts=""),
        Workspace("Tracker", ("online",), match="^(Pixel|Strip)/"),
        Workspace("Quick", ("online",), folders=None, quick=("Pixel/Layouts/charge",)),
        Workspace("DT", ("offline",), folders=("DT",)),
    ],
)
def test_a_layout_that_a_workspace_of_its_scope_shows_is_reachable(workspace: Workspace) -> None:
    assert found(layout(), workspace) == []


@pytest.mark.parametrize(
    "workspace",
    [
        Workspace("DT", ("online",), folders=("DT", "Pix")),
        Workspace("Shift", ("online",), kind="shift"),
        Workspace("DT", ("online",), match="^DT/", layouts=""),
    ],
)
def test_a_layout_that_no_workspace_of_its_scope_shows_is_unreachable(workspace: Workspace) -> None:
    (finding,) = check(layout(scopes=("online", "offline")), workspace).findings
    assert (finding.kind, finding.path, finding.scopes) == (UNREACHABLE, "Pixel/Layouts/charge", ("online",))


def test_an_entry_of_a_quick_collection_is_a_layout_of_each_scope_or_a_plot() -> None:
    workspace = Workspace("W", ("online", "offline"), quick=("DT/hits", "Pixel/Layouts/charge", "Pixel/Layouts/chargo"))
    online, nowhere = check(layout(), workspace).findings
    assert (online.kind, online.place, online.scopes) == (UNKNOWN_ENTRY, "quick[1]", ("offline",))
    assert (nowhere.place, nowhere.scopes, nowhere.near) == ("quick[2]", ("online", "offline"), ("Pixel/Layouts/charge", "Pixel/charge"))


def test_two_layouts_of_files_at_one_path_of_a_scope_are_duplicates() -> None:
    checked = [
        CheckedContent(layout(scopes=("online", "offline")), "a.toml"),
        CheckedContent(layout(scopes=("online",)), "b.toml"),
        CheckedContent(layout(scopes=("relval",)), "c.toml"),
    ]
    (finding,) = check_contents(checked, lambda paths: unknown_in_lists(paths, [NAMES], "any sample")).findings
    assert (finding.kind, finding.scopes, finding.file) == (DUPLICATE_PATH, ("online",), "b.toml")
    assert "of a.toml" in finding.problem


def store(*names: bytes) -> None:
    import zstandard

    packed = MENames(sorted(names)).pack()
    NameList.create(sha256=packed.hex(), blob=zstandard.compress(packed), count=len(names))


def test_names_of_all_stored_samples_are_compared_the_newest_first(hub: Settings) -> None:
    store(b"DT/hits", b"DT/old")
    store(b"DT/hits", b"Pixel/charge")
    assert list(seen_names()) == [[b"DT/hits", b"Pixel/charge"], [b"DT/hits", b"DT/old"]]
    assert list(seen_names(1)) == [[b"DT/hits", b"Pixel/charge"]]
    assert check_layout(layout("a", "DT/old", "Pixel/charge")) == []
    (finding,) = check_layout(layout("a", "DT/odl"))
    assert finding.near == ("DT/old",)


def test_the_faults_that_the_real_layouts_have_are_found(fixtures_dir: Path) -> None:
    layouts = real_layouts(fixtures_dir)
    names = sorted({path.encode() for each in layouts for cell in each.plots for path in (cell.plot, *cell.overlay)})
    kinds = Counter(finding.kind for finding in check(*layouts, names=names).findings)
    assert kinds == {STRING_ROW: 28, DUPLICATE_PLOT: 11}  # README.md of the fixture
