"""People who edit and read the same layouts, as processes of their own.

`python -m tests.gui.layouts.editing_process edit NAME TIMES LAYOUT...` adds plots to layouts of these numbers, and prints the
number and the plot of each that was stored. `read FILE LAYOUT...` reads them until the file exists, and prints what it saw last.
"""

from __future__ import annotations

import json
import sys
from dataclasses import replace
from pathlib import Path
from random import Random

from app import cli
from app.gui.layouts.editing.conflict import ArrangementConflict
from app.gui.layouts.editing.store import activate, active_contents, content_at, find, remove, roll_back, save
from app.gui.layouts.layout import Layout, PlotCell
from app.gui.layouts.showing.index import LayoutIndexes

NAME = b"charge"
"""Of the layouts."""

CELLS = 20
"""Plots in a row."""


def edit(name: str, times: int, layouts: list[int]) -> None:
    """Add plots, and sometimes remove a layout and bring it back."""
    random = Random(name)
    for number in range(times):
        layout, plot = random.choice(layouts), f"{name}/{number}"
        while not add(layout, plot):
            pass
        print(layout, plot, flush=True)
        if random.random() < 0.2:
            remove_and_restore(layout)


def add(layout: int, plot: str) -> bool:
    """Add a plot to the newest version; False if somebody else has saved another one meanwhile."""
    row = find(layout)
    content = content_at(row, row.newest)
    assert isinstance(content, Layout)
    *rows, last = content.rows
    rows += [(*last, PlotCell(plot))] if len(last) < CELLS else [last, (PlotCell(plot),)]
    try:
        saved = save(replace(content, rows=tuple(rows)), arrangement=layout, based_on=row.newest)
    except ArrangementConflict:
        return False
    try:
        activate(layout, saved.number)
    except ArrangementConflict:
        pass  # a later version is active already, or was removed; it was made from this one
    return True


def remove_and_restore(layout: int) -> None:
    """Remove a layout, and show its newest version again, unless others do so."""
    newest = find(layout).newest
    try:
        remove(layout, newest)
        roll_back(layout, newest, newest + 1)
    except ArrangementConflict:
        pass


def read(end: Path, layouts: list[int]) -> None:
    """Read the index and the contents as pages do; no plot that was seen once is ever absent again."""
    indexes = LayoutIndexes()
    seen: dict[int, set[str]] = {layout: set() for layout in layouts}
    is_last = False
    while not is_last:
        is_last = end.exists()
        index = indexes.of_scope("online")
        for layout, content in active_contents(layouts).items():
            assert isinstance(content, Layout)
            plots = {cell.plot for cell in content.plots}
            assert seen[layout] <= plots, (layout, seen[layout] - plots)
            seen[layout] = plots
    indexed = {each.ref.arrangement: sorted(source.decode() for source in each.sources) for each in index.named(NAME)}
    print(json.dumps([indexed, {layout: sorted(plots) for layout, plots in seen.items()}]))


def main(action: str, argument: str, *numbers: str) -> None:
    """Run one of them with the database of the settings."""
    cli.open_database()
    layouts = [int(number) for number in numbers]
    if action == "edit":
        edit(argument, layouts[0], layouts[1:])
    else:
        read(Path(argument), layouts)


if __name__ == "__main__":
    main(*sys.argv[1:])
