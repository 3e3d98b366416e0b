"""Layouts that the tests of the editor store and look at."""

from __future__ import annotations

from collections.abc import Callable

from flask.testing import FlaskClient

from app.gui.layouts.editing.store import activate, active_layout, content_at, find, save
from app.gui.layouts.layout import Layout, PlotCell

SignIn = Callable[..., FlaskClient]

PATH = "Pixel/Layouts/charge"
ADC = "PixelPhase1/Phase1_MechanicalView/PXBarrel/adc_PXLayer_"
FILE_CELL = PlotCell(f"{ADC}1", "\nNoise <b>", (("ytype", "log"), ("withx", "7")), "no", (f"{ADC}2",))
STORED = Layout(PATH, ("offline",), ((FILE_CELL, None), (PlotCell("Pixel/absent"),)), file="pixel_layouts.py")


def stored(content: Layout = STORED) -> int:
    """The number of a layout that is active."""
    saved = save(content)
    activate(saved.arrangement, saved.number)
    return saved.arrangement


def active(path: str = PATH) -> Layout:
    found = active_layout("offline", path)
    assert found
    assert isinstance(found.content, Layout)
    return found.content


def plots(number: int) -> list[list[str | None]]:
    """The paths of the newest version of a layout."""
    row = find(number)
    content = content_at(row, row.newest)
    assert isinstance(content, Layout)
    return [[cell and cell.plot for cell in cells] for cells in content.rows]
