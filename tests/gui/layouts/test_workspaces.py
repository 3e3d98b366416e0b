"""The menu of workspaces, their folders, their quick collections, and what is meant for a type of runs."""

from __future__ import annotations

import pytest

from app.core.settings import Settings
from app.formats import Columns, Facts, MENames
from app.gui.catalog.catalog import OpenSample
from app.gui.errors import InvalidInput
from app.gui.layouts.editing.store import active_layout
from app.gui.layouts.importing.bulk_import import import_all
from app.gui.layouts.layout import FOR_ALL, Fits, Layout, PlotCell
from app.gui.layouts.showing.fitting import SpecialLayouts, best_fitting, candidates
from app.gui.layouts.showing.index import LayoutIndexes
from app.gui.layouts.showing.quick import quick_entries
from app.gui.layouts.showing.workspace_folders import MAX_PARTS, part_failing, parts_of
from app.gui.layouts.showing.workspaces import WorkspaceMenu, WorkspaceMenus, shown_kind
from app.gui.layouts.workspace import Workspace
from app.gui.samples import SampleKey

OK, WARNING, ERROR = 100, 200, 300

ECAL = (
    "(^Ecal(|Barrel|Endcap|Calibration)/|^L1T/L1TStage2CaloLayer1/ECalDetail/ecalOccRecdEtWgt"
    "|^L1T/L1TStage2CaloLayer1/ECalDetail/ecalOccSent|^L1T/L1TStage2CaloLayer1/ECalDetail/ecalOccSentAndRecd"
    "|^HLT/ObjectMonitor/MainShifter/di-Electron_Mass)"
)
"""Of a workspace of the classic DQM GUI."""


def sample(*paths: str, failing: tuple[str, ...] = ()) -> OpenSample:
    """A sample with histograms of these paths, some with errors."""
    names = sorted(paths)
    zeros = [0] * len(names)
    statuses = [ERROR if name in failing else OK for name in names]
    columns = Columns([zeros, zeros, zeros, zeros, [0x10] * len(names), statuses, zeros, zeros, zeros])
    return OpenSample(SampleKey(1, 0, "/A/B/C"), 1, "", "", "", "", 0, MENames(name.encode() for name in names), columns, Facts({}, {}))


def layout(path: str, *, fits: Fits = FOR_ALL, scopes: tuple[str, ...] = ("offline",)) -> Layout:
    return Layout(path, scopes, ((PlotCell("Pixel/charge"),),), fits=fits)


def workspace(name: str = "Pixel", **fields: object) -> Workspace:
    return Workspace(name, ("offline",), **fields)


def names(menu: WorkspaceMenu) -> dict[str, list[str]]:
    return {category.name: [each.name for each in category.workspaces] for category in menu.categories}


def test_the_menu_has_the_categories_and_their_workspaces_by_rank_and_equal_ranks_in_the_order_of_the_file(hub: Settings) -> None:
    online = Workspace("L1T", ("online",), "Trigger", 1)
    tracker = [workspace("SiStrip", category="Tracker", rank=20), workspace("Pixel", category="Tracker", rank=20)]
    import_all([*tracker, online, workspace("Shift", category="Summaries", rank=2), workspace("Info", category="Summaries", rank=30)])
    menus = WorkspaceMenus()
    assert names(menus.of_scope("offline")) == {"Summaries": ["Shift", "Info"], "Tracker": ["SiStrip", "Pixel"]}
    assert list(names(menus.of_scope("offline"))) == ["Summaries", "Tracker"]
    assert names(menus.of_scope("online")) == {"Trigger": ["L1T"]}
    assert names(menus.of_scope("relval")) == {}


def test_the_menu_follows_what_is_imported(hub: Settings) -> None:
    menus = WorkspaceMenus()
    assert names(menus.of_scope("offline")) == {}
    import_all([workspace("Pixel")])
    assert names(menus.of_scope("offline")) == {"": ["Pixel"]}
    import_all([workspace("Pixel", category="Tracker")])
    assert names(menus.of_scope("offline")) == {"Tracker": ["Pixel"]}


def test_a_workspace_is_found_by_its_name_in_either_case_and_has_neighbours_in_the_order_of_the_menu(hub: Settings) -> None:
    import_all([workspace("Tracking", category="POG"), workspace("JetMet", category="POG"), workspace("tracking", category="Old")])
    menu = WorkspaceMenus().of_scope("offline")
    found = {name: menu.find(name) for name in ("JETMET", "Tracking", "tracking", "none")}
    assert {name: each and each.name for name, each in found.items()} == {
        "JETMET": "JetMet",
        "Tracking": "Tracking",
        "tracking": "tracking",
        "none": None,
    }
    assert [menu.neighbours(name) for name in ("Tracking", "JetMet", "tracking", "none")] == [
        ("", "JetMet"),
        ("Tracking", "tracking"),
        ("JetMet", ""),
        ("", ""),
    ]


def test_workspaces_of_the_react_front_end_for_one_known_folder_are_the_shift_and_the_summary() -> None:
    assert shown_kind(workspace(folders=("00 Shift",))) == "shift"
    assert shown_kind(workspace(folders=("Summary",))) == "quality"
    assert shown_kind(workspace(folders=("Summary",), kind="certification")) == "certification"
    assert shown_kind(workspace(folders=("Pixel",))) == "content"


def test_a_workspace_has_the_folders_of_its_list_also_those_that_the_sample_lacks() -> None:
    opened = sample("Pixel/a", "Pixel/b/c", "Tracking/x", failing=("Pixel/b/c",))
    parts = parts_of(opened, workspace(folders=("Pixel", "Pixel/b", "None")))
    assert [(part.path, len(part.mes)) for part in parts] == [(b"Pixel", 2), (b"Pixel/b", 1), (b"None", 0)]
    assert [part_failing(opened, part).errors for part in parts] == [1, 1, 0]
    assert parts_of(opened, workspace(folders=None)) == []
    assert [(part.path, len(part.mes)) for part in parts_of(opened, workspace())] == [(b"", 3)]


def test_a_regular_expression_chooses_the_largest_folders_that_it_matches_as_a_whole_and_single_plots_of_others() -> None:
    detail = "L1T/L1TStage2CaloLayer1/ECalDetail"
    ecal = ["Ecal/x", "EcalBarrel/a/b", "EcalBarrel/a/c", "EcalPreshower/x", "HLT/ObjectMonitor/MainShifter/di-Electron_Mass"]
    opened = sample(*ecal, "HLT/other", f"{detail}/ecalOccSent", f"{detail}/ecalTowers", failing=("EcalBarrel/a/c", f"{detail}/ecalTowers"))
    parts = parts_of(opened, workspace("Ecal", match=ECAL))
    assert [(part.path.decode(), len(part.mes), part.is_plot) for part in parts] == [
        ("Ecal", 1, False),
        ("EcalBarrel", 2, False),
        ("HLT/ObjectMonitor", 1, False),
        (f"{detail}/ecalOccSent", 1, True),
    ]
    assert [part_failing(opened, part).errors for part in parts] == [0, 1, 0, 0]
    assert parts_of(opened, workspace("Ecal", match=ECAL)) is parts
    assert [part.path for part in parts_of(opened, workspace(match="^"))] == [b""]
    assert parts_of(opened, workspace(match="nothing")) == []


def test_a_regular_expression_for_plots_all_over_a_sample_leaves_their_folders_undivided_and_counts_what_it_matches() -> None:
    paths = [f"{folder}/{name}{number}" for folder in ("A", "B") for name in ("good", "bad") for number in range(MAX_PARTS)]
    opened = sample(*paths, failing=("A/bad3", "A/good3"))
    parts = parts_of(opened, workspace(match="good"))
    assert [(part.path, len(part.mes), part.is_whole) for part in parts] == [(b"A", MAX_PARTS, False), (b"B", MAX_PARTS, False)]
    assert [part_failing(opened, part).errors for part in parts] == [1, 0]


def test_a_wrong_regular_expression_is_a_sentence_that_names_the_workspace() -> None:
    with pytest.raises(InvalidInput, match=r"The workspace Pixel cannot choose its folders with 'Pixel\(': missing \)"):
        parts_of(sample("Pixel/a"), workspace(match="Pixel("))


def test_an_entry_of_a_quick_collection_is_a_layout_else_a_plot_else_missing_with_the_nearest_name(hub: Settings) -> None:
    import_all([layout("Pixel/Layouts/00 - Charge"), layout("Pixel/Layouts/01 - Size"), layout("Pixel/both"), layout("Other/unique")])
    index = LayoutIndexes().of_scope("offline")
    opened = sample("Pixel/both", "Pixel/charge", "Pixel/adc_mean")
    paths = ("Pixel/both", "Pixel/charge", "Pixel/Layouts/00 - Charge ", "Gone/unique", "Pixel/adc_means", "nothing like it")
    both, plot, renamed, moved, misspelt, unknown = quick_entries(opened, index, workspace(quick=paths))
    assert [each.layout and each.layout.path for each in (both, plot)] == [b"Pixel/both", None]
    assert [each.me for each in (both, plot)] == [None, opened.names.find(b"Pixel/charge")]
    assert [each.is_missing for each in (both, plot, renamed, moved, misspelt, unknown)] == [False, False, True, True, True, True]
    assert (renamed.near, renamed.near_is_layout) == (b"Pixel/Layouts/00 - Charge", True)
    assert (moved.near, moved.near_is_layout) == (b"Other/unique", True)
    assert (misspelt.near, misspelt.near_is_layout) == (b"Pixel/adc_mean", False)
    assert (unknown.near, unknown.near_is_layout) == (b"", False)


def test_layouts_of_another_scope_are_no_entries(hub: Settings) -> None:
    import_all([layout("Pixel/Layouts/Charge", scopes=("online",))])
    (entry,) = quick_entries(sample("Pixel/charge"), LayoutIndexes().of_scope("offline"), workspace(quick=("Pixel/Layouts/Charge",)))
    assert entry.is_missing


PP, COSMIC, PP_IONS = Fits(keys=("pp_run",)), Fits(keys=("cosmic_run",)), Fits(keys=("pp_run", "hi_run"), beams=("ions",))


@pytest.mark.parametrize(
    ("inside", "key", "beam", "expected"),
    [
        ("Tracking", "pp_run", "", ["Tracking/pp", "Tracking/ions"]),
        ("Tracking", "pp_run", "ions", ["Tracking/ions"]),
        ("Tracking", "PP_RUN", "protons", ["Tracking/pp"]),
        ("Tracking", "cosmic_run", "", ["Tracking/cosmic"]),
        ("Tracking", "commissioning_run", "", ["Tracking/any"]),
        ("Tracking/cosmic", "pp_run", "", []),
        ("Tracking/cosmic", "", "", ["Tracking/cosmic"]),
        ("Quick", "cosmic_run", "", ["Tracking/cosmic"]),
        ("Quick", "hi_run", "", ["Quick"]),
        ("POG", "hi_run", "", ["Ions"]),
        ("", "hi_run", "", ["Ions", "Tracking/ions"]),
        ("nowhere", "pp_run", "", []),
    ],
)
def test_what_names_the_type_of_runs_and_the_beam_fits_better_than_what_is_for_all(
    hub: Settings, inside: str, key: str, beam: str, expected: list[str]
) -> None:
    fits = {"Tracking/any": Fits(), "Tracking/pp": PP, "Tracking/cosmic": COSMIC, "Tracking/ions": PP_IONS, "Other/x": Fits()}
    quick = workspace("Quick", quick=("Tracking/cosmic", "Tracking/none"))
    import_all([*(layout(path, fits=each) for path, each in fits.items()), quick, workspace("Ions", category="POG", fits=PP_IONS)])
    assert opened(inside, key, beam) == sorted(expected)


def opened(inside: str, key: str = "", beam: str = "") -> list[str]:
    """The paths of what fits best."""
    index, menu = LayoutIndexes().of_scope("offline"), WorkspaceMenus().of_scope("offline")
    found = candidates(index, menu, SpecialLayouts().fits(), inside)
    return sorted(each.path for each in best_fitting(found, key, beam))


def test_what_has_the_name_opens_unless_something_of_it_names_the_type_of_runs_better(hub: Settings) -> None:
    fits = {"Ecal/any": Fits(), "Ecal/more/any": Fits(), "Ecal/cosmic": COSMIC, "Hcal/a": Fits(), "Hcal/b": Fits(), "Hcal": PP}
    import_all([*(layout(path, fits=each) for path, each in fits.items()), workspace("Ecal"), workspace("HCAL", fits=PP_IONS)])
    assert opened("Ecal") == opened("Ecal", "pp_run") == ["Ecal"]
    assert opened("Ecal", "cosmic_run") == ["Ecal/cosmic"]
    assert opened("Ecal/more") == ["Ecal/more/any"]
    assert opened("Hcal", "pp_run") == ["HCAL"]
    assert opened("Hcal", "pp_run", "protons") == ["Hcal"]
    assert opened("Hcal", "cosmic_run") == ["Hcal/a", "Hcal/b"]


@pytest.mark.parametrize("typed", ["00 Shift/Fit", "00 shift/fit", "00 SHIFT/Fit ", "00 Shift /fit"])
def test_a_folder_or_layout_is_found_in_either_case_and_without_blanks_at_the_ends_of_names(hub: Settings, typed: str) -> None:
    import_all([layout("00 Shift/Fit/a "), layout("00 Shift/Fit/b")])
    assert opened(typed) == ["00 Shift/Fit/a ", "00 Shift/Fit/b"]
    assert opened(f"{typed}/A") == ["00 Shift/Fit/a "]


def test_a_name_that_differs_by_case_alone_is_the_one_that_is_typed(hub: Settings) -> None:
    import_all([layout("HCAL/a"), layout("Hcal/b")])
    assert (opened("HCAL"), opened("Hcal")) == (["HCAL/a"], ["Hcal/b"])


def test_the_runs_for_which_layouts_are_meant_follow_each_change(hub: Settings) -> None:
    special = SpecialLayouts()
    import_all([layout("A/pp", fits=PP), layout("A/any")])
    pp, other = (find_number(path) for path in ("A/pp", "A/any"))
    assert special.fits() == {pp: PP}
    import_all([layout("A/any", fits=COSMIC)])
    assert special.fits() == {pp: PP, other: COSMIC}
    import_all([layout("A/any")])
    assert special.fits() == {pp: PP}


def find_number(path: str) -> int:
    """The number of a layout."""
    found = active_layout("offline", path)
    assert found
    return found.arrangement
