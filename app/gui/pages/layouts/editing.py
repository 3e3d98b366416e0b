"""The editor of layouts: a form whose buttons change the draft in it, and store it in the end."""

from __future__ import annotations

from dataclasses import replace

from flask import Response, make_response, render_template, request
from werkzeug.wrappers import Response as AnyResponse

from app.gui.layouts.checking.check import check_layout
from app.gui.layouts.checking.findings import CheckFinding
from app.gui.layouts.editing import store
from app.gui.layouts.editing.differences import differences
from app.gui.layouts.editing.private_limits import MAX_NAME
from app.gui.layouts.editing.versions import MAX_REASON, draft_of
from app.gui.layouts.errors import InvalidArrangement
from app.gui.layouts.exchange.fields import MAX_PATH_BYTES, MAX_TEXT_CHARS
from app.gui.layouts.exchange.parsing import layout_from_document
from app.gui.layouts.layout import DRAWN, Layout
from app.gui.layouts.models import LAYOUT, Arrangement
from app.gui.layouts.scopes import SCOPES, scope_of
from app.gui.layouts.subsystems import subsystem_of
from app.gui.pages.layouts.detail import arrangement
from app.gui.pages.layouts.form import STORED, LayoutForm, form_from_request, form_of
from app.gui.pages.layouts.form_cells import FIELD, fields_of
from app.gui.pages.layouts.grid import NEW_PLOT, CellPlace, find_plot
from app.gui.pages.layouts.labels import label_of, place_of
from app.gui.pages.layouts.listing_workspaces import listing_workspaces
from app.gui.pages.layouts.lists import blueprint
from app.gui.pages.layouts.pictures import ChosenSample, chosen_sample
from app.gui.pages.layouts.storing import Problems, Refusal, editable, problems_of, shown_conflict, store_draft
from app.gui.samples import LARGEST
from app.security import Role, needs
from app.security.subsystems import may_edit
from app.web import Problem
from app.web.arguments import int_arg

MAX_FORM_BYTES = 4 * 1024 * 1024
"""Bytes of a form: a layout has at most 1,000 cells, most of them with little text."""

MAX_FOUND = 40
"""Plots that are listed for some words."""


@blueprint.get("/new")
@needs(Role.EXPERT)
def new() -> Response:
    """The form of a new layout, for the scope and folder of the address, or like the layout `copy`."""
    if number := int_arg("copy", 0, LARGEST):
        row = arrangement(number)
        return _form_page(form_of(_layout(row, row.active or row.newest)), None)
    scope, folder = request.args.get("scope", ""), request.args.get("folder", "")
    form = LayoutForm(path=f"{folder}/" if folder else "", scopes=(scope,) if scope in SCOPES else (SCOPES[0],))
    return _form_page(form, None)


@blueprint.post("/new")
@needs(Role.EXPERT)
def add() -> AnyResponse:
    """Store a new layout, or show the form after another button."""
    return _answer(None)


@blueprint.get("/<int:number>/edit")
@needs(Role.VIEWER)
def edit(number: int) -> Response:
    """The form of the newest version of a layout, or of its `version`, with the fields of the plot `plot`."""
    row = editable(number, LAYOUT)
    begun = int_arg("version", row.newest, LARGEST)
    form = form_of(_layout(row, begun), row.newest, begun)
    return _form_page(replace(form, open=find_plot(form.rows, request.args.get("plot", ""))), row)


@blueprint.post("/<int:number>/edit")
@needs(Role.VIEWER)
def save(number: int) -> AnyResponse:
    """Store the layout of the form as a new version, or show the form after another button."""
    return _answer(editable(number, LAYOUT))


@blueprint.get("/choices")
@needs(Role.VIEWER)
def choices() -> str:
    """Completions of the path of a plot that is being typed: MEs of the chosen sample."""
    words = request.args.get(FIELD + "plot") or request.args.get("find", "")
    return render_template("gui/choices_fragment.html", choices=_find_plots(chosen_sample(request.args, SCOPES), words))


def _layout(row: Arrangement, number: int) -> Layout:
    """What a layout is in a version. Raises Problem 404 for a workspace."""
    content = store.content_at(row, number)
    if not isinstance(content, Layout):
        raise Problem(404, f"{row.path} is no layout")
    return content


def _answer(row: Arrangement | None) -> AnyResponse:
    request.max_form_memory_size = request.max_content_length = MAX_FORM_BYTES
    form = form_from_request(request.form)
    button = request.form.get("do", "")
    if button not in STORED:
        return _form_page(form.after(button, request.form.getlist("pick")), row)
    return _store(form, row, is_active=button == "activate")


def _store(form: LayoutForm, row: Arrangement | None, *, is_active: bool) -> AnyResponse:
    """Store the draft; the form again, with what is wrong, if it cannot be stored."""
    problems = _missing_fields(form, row, is_active=is_active)
    try:
        content = layout_from_document(form.layout.document)
    except InvalidArrangement as error:
        problems += problems_of(error)
    if problems:
        return _form_page(_at_first(form, problems), row, Refusal(400, problems))
    answer = store_draft(content, row, form.replaces or form.based_on, form.reason, is_active=is_active)
    return _form_page(form, row, answer) if isinstance(answer, Refusal) else answer


def _missing_fields(form: LayoutForm, row: Arrangement | None, *, is_active: bool) -> Problems:
    """What the editor needs and a document does not."""
    problems = []
    if not form.scopes and not (row and row.owner):
        problems.append(("scope", "Choose at least one"))
    if (row is None or form.path != row.path) and any(part != part.strip() for part in form.path.split("/")):
        problems.append(("path", "Remove the blanks around its names: they would look the same without them"))
    if not form.rows:
        problems.append(("plots", "Add at least one"))
    for number, row_of_cells in enumerate(form.rows):
        places = (f"rows[{number}][{column}].plot" for column, cell in enumerate(row_of_cells) if cell == NEW_PLOT)
        problems += [(place, "Choose one, or make the cell a gap") for place in places]
    if is_active and not form.reason and not (row and row.owner):
        problems.append(("reason", "Say why, for the history"))
    return problems


def _at_first(form: LayoutForm, problems: Problems) -> LayoutForm:
    """The form with the first wrong cell open."""
    places = (place_of(field) for field, _ in problems)
    first = next((place for place in places if place and place.row < len(form.rows) and place.column < len(form.rows[place.row])), None)
    return replace(form, open=first) if first else form


def _form_page(form: LayoutForm, row: Arrangement | None, refusal: Refusal | None = None) -> Response:
    """The form; after a conflict with the layout as it is now beside the draft, and a second attempt to save replaces it."""
    conflict = shown_conflict(row, form.replaces, refusal)
    chosen = chosen_sample(request.values, form.scopes)
    if conflict:
        form = replace(form, replaces=conflict.number)
    other = conflict.content if conflict else store.content_at(row, row.active) if row and row.active and form.preview else None
    text = render_template(
        "gui/layouts/form.html",
        form=form,
        row=row,
        draft=draft_of(row) if row else None,
        chosen=chosen,
        sample_scope=scope_of(chosen.dataset) if chosen.sample else "",
        grid=chosen.grid(form.layout),
        fields=fields_of(form.open_cell or NEW_PLOT),
        field=FIELD,
        is_opened="plot" in request.args or request.form.get("do", "").startswith("open:"),  # then the focus is in its fields
        drawn=DRAWN,
        found=_find_plots(chosen, form.find) if form.find else None,
        problems=[(label_of(name), problem) for name, problem in refusal.problems] if refusal else [],
        conflict=conflict,
        other=other,
        other_grid=chosen.grid(other) if isinstance(other, Layout) else [],
        differences=differences(other, form.layout) if other else [],
        listed_in=listing_workspaces(row) if row and form.path != row.path else [],
        findings=_findings(form.layout, chosen) if form.preview else [],
        scopes=SCOPES,
        may_store=bool(row and row.owner) or not form.path or may_edit(subsystem_of(form.path)),
        subsystem=subsystem_of(form.path),
        limits={
            "path": MAX_NAME if row and row.owner else MAX_PATH_BYTES,
            "text": MAX_TEXT_CHARS,
            "reason": MAX_REASON,
            "found": MAX_FOUND,
        },
    )
    return make_response(text, refusal.status if refusal else 200)


def _findings(layout: Layout, chosen: ChosenSample) -> list[tuple[str, CellPlace | None, CheckFinding]]:
    """The findings of a check of a draft, each with the name of its place and the cell; cells without a chosen plot are left out."""
    rows = tuple(tuple(None if cell == NEW_PLOT else cell for cell in row) for row in layout.rows)
    return [(label_of(found.place), place_of(found.place), found) for found in check_layout(replace(layout, rows=rows), chosen.sample)]


def _find_plots(chosen: ChosenSample, words: str) -> list[str]:
    """Paths of MEs of the sample with all these words, in any order."""
    if chosen.sample is None or not words.split():
        return []
    names = chosen.sample.names
    found = (names[index].decode(errors="replace") for index in names.search(words.split(), MAX_FOUND))
    return [name for name in found if name.isprintable() and "\ufffd" not in name]
