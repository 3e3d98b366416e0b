"""Layouts and workspaces from their documents in the form `dqm-layouts/2`; docs/users/layout-files.md describes it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from app.core.input_problems import InputProblems
from app.gui.layouts.errors import InvalidArrangement
from app.gui.layouts.exchange.drawing import read_draw
from app.gui.layouts.exchange.fields import MAX_NAME_CHARS, DocumentFields, NumberText, label, named_values, path_problem, text_problem
from app.gui.layouts.layout import NO_HELP, REFERENCES, ROW, TEXT, Example, Fits, Layout, PlotCell, ShiftHelp
from app.gui.layouts.scopes import SCOPES
from app.gui.layouts.workspace import KINDS, Workspace
from app.gui.patterns import InvalidPattern, compile_pattern
from render.client import MAX_OBJECTS

MAX_ROWS, MAX_CELLS = 50, 20
"""Rows of a layout, and cells of a row."""

MAX_OVERLAY = MAX_OBJECTS - 1
MAX_MATCH_CHARS = 500
MAX_RANK = 1_000_000
MAX_FITS = 50
MAX_EXTRA = 50

FITS_FIELDS = ("keys", "beams")
LAYOUT_FIELDS = ("path", "scope", "rows", "help", *FITS_FIELDS, "file", "by_record")
HELP_FIELDS = ("good", "bad", "action", "contact")
CELL_FIELDS = ("plot", "text", "draw", "reference", "overlay", *HELP_FIELDS)
WORKSPACE_FIELDS = ("name", "scope", "category", "rank", "kind", "folders", "match", "layouts", "quick", *FITS_FIELDS, "file", "extra")


def layout_from_document(value: Any) -> Layout:
    """A layout from its document, such as `Layout.document`.

    A document without `scope` is a private layout.

    Raises:
        InvalidArrangement: `fields` has each problem with its place, as `rows[2][0].draw.y.min`.
    """
    problems = InputProblems()
    layout = read_layout(value, problems)
    raise_for("layout", layout.path, problems)
    return layout


def read_layout(value: Any, problems: InputProblems) -> Layout:
    """The usable parts of the document of a layout; `problems` gets the problems of the rest."""
    fields = _fields(value, LAYOUT_FIELDS, problems)
    return Layout(
        path=fields.path("path", tab=True),
        scopes=_scopes(fields),
        rows=tuple(_rows(fields)),
        help=fields.text("help", lines=True),
        fits=_fits(fields),
        file=fields.text("file", MAX_NAME_CHARS),
        by_record=fields.flag("by_record"),
    )


def workspace_from_document(value: Any) -> Workspace:
    """A workspace from its document, such as `Workspace.document`.

    Raises:
        InvalidArrangement: `fields` has each problem with its place, as `quick[3]`.
    """
    problems = InputProblems()
    workspace = read_workspace(value, problems)
    raise_for("workspace", workspace.name, problems)
    return workspace


def read_workspace(value: Any, problems: InputProblems) -> Workspace:
    """As `read_layout`, of a workspace."""
    fields = _fields(value, WORKSPACE_FIELDS, problems)
    return Workspace(
        name=fields.path("name"),
        scopes=_scopes(fields),
        category=fields.text("category", MAX_NAME_CHARS),
        rank=fields.number("rank", MAX_RANK),
        kind=fields.choice("kind", KINDS, KINDS[0]),
        folders=folders_of(fields, "folders"),
        match=checked_match(fields, "match"),
        layouts=layouts_of(fields, "layouts"),
        quick=fields.paths("quick", tab=True),
        fits=_fits(fields),
        file=fields.text("file", MAX_NAME_CHARS),
        extra=tuple(sorted(_extra(fields))),
    )


def raise_for(kind: str, path: str, problems: InputProblems) -> None:
    """Raise InvalidArrangement if there are problems."""
    if problems.count:
        field, problem = problems.listed[0]
        more = f"; {problems.count - 1} more" if problems.count > 1 else ""
        raise InvalidArrangement(f"The {kind}{f' {label(path)}' if path else ''} is invalid: {field}: {problem}{more}", problems)


def _fields(value: Any, names: tuple[str, ...], problems: InputProblems) -> DocumentFields:
    fields = DocumentFields(value, "", names, problems)
    return fields if isinstance(value, dict) else DocumentFields({}, "", names, InputProblems())  # that no field is there is one problem


def _scopes(fields: DocumentFields) -> tuple[str, ...]:
    """The scopes in the order of SCOPES."""
    found = fields.words("scope", len(SCOPES))
    for scope in found:
        if scope not in SCOPES:
            fields.add("scope", f"Expected some of {', '.join(SCOPES)}, not {label(scope)}")
    if len(set(found)) < len(found):
        fields.add("scope", "Expected each scope once")
    return tuple(scope for scope in SCOPES if scope in found)


def _fits(fields: DocumentFields) -> Fits:
    return Fits(fields.words("keys", MAX_FITS), fields.words("beams", MAX_FITS))


def _rows(fields: DocumentFields) -> Iterator[tuple[PlotCell | None, ...]]:
    if "rows" not in fields.values:
        fields.add("rows", "The rows are missing; expected a list of rows, each a list of cells")
    for index, row in enumerate(fields.list("rows", MAX_ROWS)):
        place = f"rows[{index}]"
        if isinstance(row, str):
            yield (_bare_cell(row, place, ROW, fields.problems),)
        elif not isinstance(row, list):
            fields.add(place, f"Expected a list of cells, not {label(row)}")
        elif not 1 <= len(row) <= MAX_CELLS:
            fields.add(place, f"Expected 1 to {MAX_CELLS} cells, not {len(row):,}; a gap is {{}}")
        else:
            yield tuple(_cell(cell, f"{place}[{column}]", fields.problems) for column, cell in enumerate(row))


def _bare_cell(value: str, place: str, written: str, problems: InputProblems) -> PlotCell:
    if problem := path_problem(value):
        problems.add(place, problem)
    return PlotCell(value, written=written)


def _cell(value: Any, place: str, problems: InputProblems) -> PlotCell | None:
    if value == {}:
        return None
    if isinstance(value, str):
        return _bare_cell(value, place, TEXT, problems)
    if not isinstance(value, dict):
        problems.add(place, f"Expected a path, an object with the field plot, or {{}} for a gap, not {label(value)}")
        return None
    fields = DocumentFields(value, place, CELL_FIELDS, problems)
    cell = PlotCell(
        plot=fields.path("plot"),
        text=fields.text("text", lines=True),
        draw=read_draw(fields.values["draw"], fields.field("draw"), problems) if "draw" in fields.values else (),
        reference=fields.choice("reference", REFERENCES),
        overlay=fields.paths("overlay", MAX_OVERLAY),
        help=_shift_help(fields),
    )
    return cell if cell.plot else None


def _shift_help(fields: DocumentFields) -> ShiftHelp:
    if fields.values.keys().isdisjoint(HELP_FIELDS):
        return NO_HELP
    action, contact = fields.text("action", lines=True), fields.text("contact", lines=True)
    return ShiftHelp(_example(fields, "good"), _example(fields, "bad"), action, contact)


def _example(fields: DocumentFields, name: str) -> Example:
    if name not in fields.values:
        return Example()
    example = DocumentFields(fields.values[name], fields.field(name), Example._fields, fields.problems)
    return Example(example.text("sample", MAX_NAME_CHARS), example.text("note", lines=True))


def folders_of(fields: DocumentFields, name: str) -> tuple[str, ...] | None:
    """Folders of a workspace; None for `null`, for which TOML has `false`."""
    value = fields.values.get(name, [])
    return None if value is None or value is False else fields.paths(name)


def checked_match(fields: DocumentFields, name: str) -> str:
    """A regular expression that DQM Hub can use; "" if it is absent."""
    match = fields.text(name, MAX_MATCH_CHARS)
    try:
        compile_pattern(match.encode())
    except InvalidPattern as error:
        fields.add(name, f"Expected a regular expression: {error}")
        return ""
    return match


def layouts_of(fields: DocumentFields, name: str) -> str | None:
    """Folder of the layouts of a workspace; None if it is absent."""
    value = fields.values.get(name)
    return value if value is None or value == "" else fields.path(name)


def _extra(fields: DocumentFields) -> Iterator[tuple[str, Any]]:
    for name, entry in named_values(fields.values.get("extra", {}), "extra", MAX_EXTRA, fields.problems).items():
        if problem := text_problem(name, MAX_NAME_CHARS) or _extra_problem(entry):
            fields.add(f"extra.{name}", problem)
        else:
            yield name, str(entry) if isinstance(entry, NumberText) else entry


def _extra_problem(value: Any) -> str:
    if isinstance(value, int):
        return "" if abs(value) < 10**MAX_NAME_CHARS else f"Expected a number of at most {MAX_NAME_CHARS} digits, not {label(value)}"
    return text_problem(str(value) if isinstance(value, NumberText) else value, MAX_NAME_CHARS)
