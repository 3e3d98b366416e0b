"""The form of a layout while it is edited: all its state is in the fields, and buttons change it without storing it."""

from __future__ import annotations

from dataclasses import dataclass, replace

from werkzeug.datastructures import MultiDict

from app.gui.layouts.layout import Fits, Layout, PlotCell
from app.gui.layouts.scopes import SCOPES
from app.gui.pages.layouts import grid
from app.gui.pages.layouts.form_cells import cell_from_fields, rows_from_text, rows_text
from app.gui.pages.layouts.grid import NEW_PLOT, STEPS, CellPlace, GridChange, Rows
from app.gui.samples import LARGEST
from app.web.arguments import parse_int

STORED = ("save", "activate")
"""Buttons that store the layout."""


@dataclass(frozen=True)
class LayoutForm:
    """The fields of the form.

    Attributes:
        based_on: Number of the newest version when the edit began; 0 for a new layout.
        replaces: Number of a later version of somebody else, which the form has shown and the draft will replace; 0 for none.
        begun: Number of the version that the form began with, an earlier one if the newest is a draft that is left out.
        keys, beams: As `Fits` of a layout, with commas between them.
        file, by_record: As of the layout; they are not edited.
        open: The place of the cell whose fields are shown, or None.
        find: Words of plots that are looked for in the sample.
        preview: Whether the draft is shown beside the active layout.
    """

    path: str = ""
    scopes: tuple[str, ...] = (SCOPES[0],)
    keys: str = ""
    beams: str = ""
    help: str = ""
    rows: Rows = ()
    file: str = ""
    by_record: bool = False
    based_on: int = 0
    replaces: int = 0
    begun: int = 0
    open: CellPlace | None = None
    find: str = ""
    preview: bool = False
    reason: str = ""

    @property
    def layout(self) -> Layout:
        """The layout that the form describes, not checked."""
        fits = Fits(_words(self.keys), _words(self.beams))
        return Layout(self.path, self.scopes, self.rows, self.help, fits, self.file, self.by_record)

    @property
    def rows_text(self) -> str:
        """The grid as a hidden field."""
        return rows_text(self.rows)

    @property
    def open_cell(self) -> PlotCell | None:
        """The cell whose fields are shown; None for a gap, and if there is none."""
        return self.rows[self.open.row][self.open.column] if self.open else None

    def after(self, button: str, picked: list[str]) -> LayoutForm:
        """The form after a button.

        Args:
            button: Such as `open:2.0`, `move-left:2.0`, `exchange:2.0:1.3`, `row-up:2`, `use:2.0:Pixel/charge`.
            picked: Paths of the plots that were found and picked.
        """
        action, _, argument = button.partition(":")
        if action == "preview":
            return replace(self, preview=True)
        if action == "close":
            return replace(self, open=None)
        if action == "add-picked" and picked:
            return self._with(grid.append(self.rows, len(self.rows), [PlotCell(path) for path in picked]))
        if action.startswith("row-") and (row := parse_int(argument, len(self.rows) - 1)) is not None:
            return self._after_row(action, row)
        if action == "add":
            row = parse_int(argument, len(self.rows))
            return self._with(grid.append(self.rows, len(self.rows) if row is None else row, [NEW_PLOT]))
        first, _, second = argument.partition(":")
        if action == "use":
            return self._with_plot(CellPlace.parse(first, self.rows), second)
        place, other = CellPlace.parse(first, self.rows), CellPlace.parse(second, self.rows)
        return self._after_cell(action, place, other) if place else self

    def _after_row(self, action: str, row: int) -> LayoutForm:
        if action == "row-remove":
            return replace(self, rows=grid.remove_row(self.rows, row), open=None)
        step = -1 if action == "row-up" else 1
        rows = grid.move_row(self.rows, row, step)
        is_moved = self.open is not None and self.open.row == row and 0 <= row + step < len(rows)
        return replace(self, rows=rows, open=CellPlace(row + step, self.open.column) if is_moved and self.open else None)

    def _after_cell(self, action: str, place: CellPlace, other: CellPlace | None) -> LayoutForm:
        kind, _, direction = action.partition("-")
        if action == "open":
            return replace(self, open=place)
        if kind == "move" and direction in STEPS:
            return self._with(grid.move(self.rows, place, direction))
        if action == "exchange" and other:
            return self._with(grid.exchange(self.rows, place, other))
        if action == "remove":
            return self._with(grid.remove(self.rows, place))
        if action == "clear":
            return self._with(GridChange(grid.with_cell(self.rows, place, None), place))
        if action in ("insert-gap", "insert-plot"):
            return self._with(grid.insert(self.rows, place, NEW_PLOT if action == "insert-plot" else None))
        return self

    def _with_plot(self, place: CellPlace | None, path: str) -> LayoutForm:
        cell = self.rows[place.row][place.column] if place else None
        if not (place and cell):
            return self
        return self._with(GridChange(grid.with_cell(self.rows, place, replace(cell, plot=path, written="")), place))

    def _with(self, edited: GridChange) -> LayoutForm:
        return replace(self, rows=edited.rows, open=edited.place)


def form_of(layout: Layout, based_on: int = 0, begun: int = 0) -> LayoutForm:
    """The form of a stored layout; arguments as of LayoutForm."""
    keys, beams = (", ".join(words) for words in layout.fits)
    return LayoutForm(
        layout.path, layout.scopes, keys, beams, layout.help, layout.rows, layout.file, layout.by_record, based_on, begun=begun
    )


def form_from_request(sent: MultiDict[str, str]) -> LayoutForm:
    """The form as it was sent, with the fields of the open cell in its grid. Raises Problem 400."""
    rows = rows_from_text(sent.get("rows", ""))
    place = CellPlace.parse(sent.get("open", ""), rows)
    if place:
        rows = grid.with_cell(rows, place, cell_from_fields(rows[place.row][place.column], sent))
    keys, beams, reason = (sent.get(name, "").strip() for name in ("keys", "beams", "reason"))
    return LayoutForm(
        path=sent.get("path", ""),
        scopes=tuple(scope for scope in SCOPES if scope in sent.getlist("scope")),
        keys=keys,
        beams=beams,
        help=sent.get("help", "").replace("\r\n", "\n"),
        rows=rows,
        file=sent.get("file", ""),
        by_record="by_record" in sent,
        based_on=parse_int(sent.get("based_on", ""), LARGEST) or 0,
        replaces=parse_int(sent.get("replaces", ""), LARGEST) or 0,
        begun=parse_int(sent.get("begun", ""), LARGEST) or 0,
        open=place,
        find=sent.get("find", "").strip(),
        preview="preview" in sent,
        reason=reason,
    )


def _words(text: str) -> tuple[str, ...]:
    return tuple(word for word in text.replace(",", " ").split() if word)
