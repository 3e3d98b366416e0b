"""The demo has layouts and workspaces for its files, which are an example of the form for hand-written files as well."""

from __future__ import annotations

from pathlib import Path

from app.core.settings import Settings
from app.formats import scan
from app.gui.demo.arrangements import demo_contents, make_demo_layouts
from app.gui.layouts.editing import store
from app.gui.layouts.importing.bulk_import import ADDED, UNCHANGED
from app.gui.layouts.layout import Layout
from app.gui.layouts.scopes import SCOPES
from app.gui.layouts.workspace import Workspace
from tests.support.cli import dqmhub

ABSENT = {"PixelPhase1/Tracks/PXForward/charge_PXDisk_-4", "HLT/EventInfo/reportSummary"}
"""Plots of the demo that its offline files do not have; ongoing runs have the second one."""

LAYOUTS = [content for content in demo_contents() if isinstance(content, Layout)]
WORKSPACES = [content for content in demo_contents() if isinstance(content, Workspace)]


def test_the_plots_of_the_demo_are_in_its_files_but_for_examples_of_absent_ones(demo_files: list[Path]) -> None:
    names = scan(demo_files[1]).samples[367129, 0].names
    known = {names[index].decode() for index in range(len(names))}
    drawn = {path for layout in LAYOUTS for cell in layout.plots for path in (cell.plot, *cell.overlay)}
    assert drawn - known == ABSENT
    quick = {path for workspace in WORKSPACES for path in workspace.quick}
    assert quick <= known | {layout.path for layout in LAYOUTS}


def test_the_demo_shows_everything_that_a_layout_can_have() -> None:
    cells = [cell for layout in LAYOUTS for cell in layout.plots]
    assert any(None in row for layout in LAYOUTS for row in layout.rows)
    assert any(cell.overlay for cell in cells)
    assert {cell.reference for cell in cells} == {"", "yes", "no"}
    assert any(all(cell.help) and cell.help.good.sample and cell.help.bad.sample for cell in cells)
    assert any(layout.fits.keys and layout.fits.beams for layout in LAYOUTS)
    for kind in (LAYOUTS, WORKSPACES):
        assert {scope for content in kind for scope in content.scopes} == set(SCOPES)
    assert {"content", "shift", "quality"} == {workspace.kind for workspace in WORKSPACES}


def test_every_start_of_the_demo_stores_them_once(hub: Settings) -> None:
    assert {each.outcome for each in make_demo_layouts()} == {ADDED}
    assert {each.outcome for each in make_demo_layouts()} == {UNCHANGED}
    shown = store.active_layout("online", LAYOUTS[0].path)
    assert shown
    assert shown.content == LAYOUTS[0]


def test_a_demo_layout_that_somebody_has_removed_does_not_come_back(hub: Settings) -> None:
    number = make_demo_layouts()[0].arrangement
    store.remove(number, 1)
    make_demo_layouts()
    assert store.active_layout("online", LAYOUTS[0].path) is None


def test_a_command_stores_them_too(hub: Settings) -> None:
    assert dqmhub(hub, "demo", "layouts").stdout == f"{len(LAYOUTS) + len(WORKSPACES)} layouts and workspaces\n"
