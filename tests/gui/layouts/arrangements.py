"""Layouts and workspaces for tests."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from app.gui.layouts.exchange.files import read_file
from app.gui.layouts.layout import Layout, PlotCell


def layout(path: str = "Pixel/Layouts/charge", *plots: str, scopes: tuple[str, ...] = ("online",)) -> Layout:
    """A layout with a row of plots."""
    return Layout(path, scopes, (tuple(PlotCell(plot) for plot in plots or ("Pixel/charge",)),))


@cache
def real_layouts(fixtures: Path) -> list[Layout]:
    """The layouts of the classic DQM GUI."""
    content = (fixtures / "dqmgui" / "layouts.json").read_bytes()
    return [each for each in read_file("layouts.json", content).contents if isinstance(each, Layout)]
