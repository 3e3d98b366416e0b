"""The panels of walls about the plots of the ongoing run: states of subsystems, and the plots of a layout."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from app.core.area import PanelOption, WallPanel

DATASET = PanelOption("dataset", "Dataset; its ongoing run is shown, or its newest run if it has none.", "/Global/Online/ALL")
OLD = PanelOption("old_s", "Age in s from which data are shown in grey as old.", 300, 10, 86400)


def _subsystems(options: Mapping[str, Any]) -> Mapping[str, Any]:
    from app.gui.pages.wall.subsystems import context

    return context(options)


def _layout(options: Mapping[str, Any]) -> Mapping[str, Any]:
    from app.gui.pages.wall.plots import context

    return context(options)


def _picture(options: Mapping[str, Any], number: int) -> Any:
    from app.gui.pages.wall.plots import picture

    return picture(options, number)


def _dataset_problems(options: Mapping[str, Any]) -> Iterable[tuple[str, str]]:
    if not (str(options["dataset"]).startswith("/") and str(options["dataset"]).count("/") == 3):
        yield "dataset", "Expected the name of a dataset, such as /Global/Online/ALL"


def _layout_problems(options: Mapping[str, Any]) -> Iterable[tuple[str, str]]:
    yield from _dataset_problems(options)
    if not str(options["layout"]).strip("/ "):
        yield "layout", "Expected the path of a layout, such as 00 Shift/Pixel/Clusters"


PANELS = (
    WallPanel(
        "subsystems",
        "Subsystems",
        "gui/wall_subsystems.html",
        _subsystems,
        (
            DATASET,
            PanelOption("subsystems", "Names of subsystems with blanks between, in their order; all, worst first, if empty.", ""),
            OLD,
        ),
        _dataset_problems,
    ),
    WallPanel(
        "layout",
        "Layout",
        "gui/wall_layout.html",
        _layout,
        (
            PanelOption("layout", "Path of a layout.", ""),
            DATASET,
            OLD,
        ),
        _layout_problems,
        _picture,
    ),
)
