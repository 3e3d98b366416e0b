"""A layout and its plots, with their document in the form `dqm-layouts/2`; docs/users/layout-files.md describes it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, NamedTuple

AXIS_LIMITS = ("min", "max")
AXES = "xyz"
DRAWN = (*(f"{axis}{option}" for axis in AXES for option in ("type", *AXIS_LIMITS)), "drawopts")
"""Drawing options that the product knows, as the classic DQM GUI names them; others are kept, and not drawn."""

REFERENCES = ("", "yes", "no")
"""Values of `PlotCell.reference`."""

ROW, TEXT = "row", "text"
"""How files of the classic DQM GUI can write a plot without options: as a text instead of a row, or instead of a cell."""


class Example(NamedTuple):
    """How a plot looks in a run that is known to be good or bad.

    Attributes:
        sample: A sample, as a reference on pages is written: `366727`, `366727/ZeroBias/Run2023C-v1/DQMIO`; "" for none.
        note: What to look at; HTML as written.
    """

    sample: str = ""
    note: str = ""


class ShiftHelp(NamedTuple):
    """What shifters need to judge a plot; texts are HTML as written, and are sanitised where they are shown."""

    good: Example = Example()
    bad: Example = Example()
    action: str = ""  # what to do when it looks bad
    contact: str = ""  # name and number to call


NO_HELP = ShiftHelp()


@dataclass(frozen=True)
class PlotCell:
    """One plot of a layout.

    Attributes:
        plot: Path of the monitor element (ME) that is drawn.
        text: Description; HTML as written.
        draw: Names and values of drawing options as written, in any order; those of DRAWN are used.
        reference: "no": no references are drawn with this plot; "yes": they are; "": not set.
        overlay: Paths of MEs of the same sample that are drawn over it.
        help: For plots of shift layouts.
        written: ROW or TEXT, see there; "" for a cell with fields.
    """

    plot: str
    text: str = ""
    draw: tuple[tuple[str, str], ...] = ()
    reference: str = ""
    overlay: tuple[str, ...] = ()
    help: ShiftHelp = NO_HELP
    written: str = ""

    @property
    def drawn(self) -> tuple[tuple[str, str], ...]:
        """The drawing options that the product knows, in the order of DRAWN."""
        values = dict(self.draw)
        return tuple((name, values[name]) for name in DRAWN if name in values)


class Fits(NamedTuple):
    """The run types and beams that an arrangement is for; empty: all."""

    keys: tuple[str, ...] = ()  # types of runs, such as pp_run, cosmic_run, hi_run
    beams: tuple[str, ...] = ()  # such as protons, ions, none

    def fits(self, key: str, beam: str) -> bool:
        """Whether it is meant for runs of this type and beam; "" is any."""
        return _among(key, self.keys) and _among(beam, self.beams)


FOR_ALL = Fits()


@dataclass(frozen=True)
class Layout:
    """A grid of plots; its identity is its path in each of its scopes.

    Attributes:
        path: Folder and name, as `00 Shift/FED/01 FED Integrity Check`.
        scopes: Some of SCOPES of app.gui.layouts.scopes, in that order; empty for a private layout.
        rows: Rows of cells from left to right; None is a gap.
        help: Text for the whole layout; HTML as written.
        fits: For which runs it is meant.
        file: Name of the file of the classic DQM GUI that it comes from, or "".
        by_record: Whether that file registers plot after plot, without a grid.
    """

    path: str
    scopes: tuple[str, ...]
    rows: tuple[tuple[PlotCell | None, ...], ...]
    help: str = ""
    fits: Fits = FOR_ALL
    file: str = ""
    by_record: bool = False

    @property
    def folder(self) -> str:
        """The path without the name; "" at the top."""
        return self.path.rpartition("/")[0]

    @property
    def name(self) -> str:
        """The last part of the path."""
        return self.path.rpartition("/")[2]

    @property
    def plots(self) -> list[PlotCell]:
        """The cells that are no gaps, row by row."""
        return [cell for row in self.rows for cell in row if cell]

    def with_scopes(self, scopes: tuple[str, ...]) -> Layout:
        """The same layout in other scopes."""
        return replace(self, scopes=scopes)

    @property
    def document(self) -> dict[str, Any]:
        """The layout in the form `dqm-layouts/2`, without fields that have their default values."""
        rows = [row[0].plot if _is_bare(row) and row[0] else [_cell_document(cell) for cell in row] for row in self.rows]
        fields: dict[str, Any] = {"path": self.path, "scope": list(self.scopes), "file": self.file, "help": self.help}
        fields |= {"by_record": self.by_record, "keys": list(self.fits.keys), "beams": list(self.fits.beams)}
        return _without_defaults(fields) | {"rows": rows}


def _among(value: str, values: tuple[str, ...]) -> bool:
    return not value or not values or value.lower() in (each.lower() for each in values)


def _is_bare(row: tuple[PlotCell | None, ...]) -> bool:
    return len(row) == 1 and row[0] is not None and row[0].written == ROW


def _cell_document(cell: PlotCell | None) -> dict[str, Any] | str:
    if cell is None:
        return {}
    if cell.written == TEXT:
        return cell.plot
    fields: dict[str, Any] = {"plot": cell.plot, "text": cell.text, "draw": draw_document(cell.draw), "reference": cell.reference}
    fields |= {"overlay": list(cell.overlay), "good": _example_document(cell.help.good), "bad": _example_document(cell.help.bad)}
    return _without_defaults(fields | {"action": cell.help.action, "contact": cell.help.contact})


def _example_document(example: Example) -> dict[str, str]:
    return _without_defaults(example._asdict())


def draw_document(draw: tuple[tuple[str, str], ...]) -> dict[str, Any]:
    """Drawing options such as `ytype` and `ymin` as `{"y": {"type": ..., "min": ...}}`; unknown ones are in `extra`."""
    values = dict(draw)
    found: dict[str, Any] = {}
    for axis in AXES:
        options = {name: values.pop(axis + name) for name in ("type", *AXIS_LIMITS) if axis + name in values}
        found |= {axis: options} if options else {}
    found |= {"options": values.pop("drawopts")} if "drawopts" in values else {}
    return found | ({"extra": values} if values else {})


def _without_defaults(fields: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in fields.items() if value}
