"""The editor of workspaces: a form that checks which entries of the quick collection exist, and stores a version."""

from __future__ import annotations

from typing import NamedTuple

from flask import Response, make_response, render_template, request
from werkzeug.wrappers import Response as AnyResponse

from app.gui.current import layout_index, workspace_menu
from app.gui.layouts.editing import store
from app.gui.layouts.editing.differences import differences
from app.gui.layouts.editing.versions import MAX_REASON, draft_of
from app.gui.layouts.errors import InvalidArrangement
from app.gui.layouts.exchange.parsing import workspace_from_document
from app.gui.layouts.models import WORKSPACE, Arrangement
from app.gui.layouts.scopes import SCOPES
from app.gui.layouts.showing.quick import quick_entries
from app.gui.layouts.workspace import KINDS, Workspace
from app.gui.pages.layouts.lists import blueprint
from app.gui.pages.layouts.pictures import ChosenSample, chosen_sample
from app.gui.pages.layouts.storing import Refusal, editable, problems_of, shown_conflict, store_draft
from app.gui.pages.layouts.workspace_form import ALL, LISTED, NONE, STORED, WorkspaceForm, form_from_request, form_of
from app.gui.samples import LARGEST
from app.security import Role, needs
from app.web.arguments import int_arg

MAX_FORM_BYTES = 1024 * 1024

LABELS = {
    "path": "Name",
    "scope": "Scopes",
    "keys": "Run types",
    "quick": "Quick collection",
    "layouts": "Folder of layouts",
    "match": "Paths match",
}
"""Labels of fields whose name in a document says less."""

FOLDER_CHOICES = {ALL: "all folders", LISTED: "these folders", NONE: "no folders"}


class CheckedEntry(NamedTuple):
    """An entry of the quick collection on the chosen sample."""

    path: str
    found: str  # "layout" or "plot"; "" if there is neither
    near: str  # then a path with a similar name, or ""


@blueprint.get("/workspaces/new")
@needs(Role.EXPERT)
def new_workspace() -> Response:
    """The form of a new workspace for the scope of the address."""
    scope = request.args.get("scope", "")
    return _form_page(WorkspaceForm(scopes=(scope,) if scope in SCOPES else (SCOPES[0],)), None)


@blueprint.post("/workspaces/new")
@needs(Role.EXPERT)
def add_workspace() -> AnyResponse:
    """Store a new workspace, or check what is in the form."""
    return _answer(None)


@blueprint.get("/workspaces/<int:number>/edit")
@needs(Role.VIEWER)
def edit_workspace(number: int) -> Response:
    """The form of the newest version of a workspace, or of its `version`."""
    row = editable(number, WORKSPACE)
    begun = int_arg("version", row.newest, LARGEST)
    return _form_page(form_of(_content(row, begun), row.newest, begun), row)


@blueprint.post("/workspaces/<int:number>/edit")
@needs(Role.VIEWER)
def save_workspace(number: int) -> AnyResponse:
    """Store the workspace of the form as a new version, or check what is in the form."""
    return _answer(editable(number, WORKSPACE))


def _content(row: Arrangement, number: int) -> Workspace:
    """A version of a workspace."""
    content = store.content_at(row, number)
    if not isinstance(content, Workspace):
        raise TypeError(f"{row.path} is no workspace")
    return content


def _answer(row: Arrangement | None) -> AnyResponse:
    request.max_form_memory_size = request.max_content_length = MAX_FORM_BYTES
    form = form_from_request(request.form)
    button = request.form.get("do", "")
    problems = [] if form.scopes or (row and row.owner) else [("scope", "Choose at least one")]
    if button == "activate" and not form.reason:
        problems.append(("reason", "Say why, for the history"))
    if form.folders == LISTED and not form.listed_folders:
        problems.append(("folders", "Name at least one folder, or choose all folders or none"))
    try:
        content = workspace_from_document(form.document(_content(row, form.begun or row.newest) if row else None))
    except InvalidArrangement as error:
        return _form_page(form, row, Refusal(400, problems + problems_of(error)))
    if button not in STORED:
        return _form_page(form, row, content=content)
    if problems:
        return _form_page(form, row, Refusal(400, problems), content)
    answer = store_draft(content, row, form.replaces or form.based_on, form.reason, is_active=button == "activate")
    return _form_page(form, row, answer, content) if isinstance(answer, Refusal) else answer


def _form_page(form: WorkspaceForm, row: Arrangement | None, refusal: Refusal | None = None, content: Workspace | None = None) -> Response:
    """The form; after a conflict with what the other has, and a second attempt to save replaces it.

    Args:
        content: The workspace of the form, where a conflict compares it.
    """
    conflict = shown_conflict(row, form.replaces, refusal)
    chosen = chosen_sample(request.values, form.scopes)
    menu = workspace_menu((form.scopes or SCOPES)[0])
    text = render_template(
        "gui/layouts/workspace_form.html",
        form=form,
        row=row,
        draft=draft_of(row) if row else None,
        replaces=conflict.number if conflict else 0,
        problems=[(_label(name), problem) for name, problem in refusal.problems] if refusal else [],
        conflict=conflict,
        content=conflict.content if conflict else None,
        differences=differences(conflict.content, content) if conflict and content else [],
        chosen=chosen,
        entries=_check_entries(form, chosen),
        categories=[category.name for category in menu.categories],
        scopes=SCOPES,
        kinds=KINDS,
        folder_choices=FOLDER_CHOICES,
        max_reason=MAX_REASON,
    )
    return make_response(text, refusal.status if refusal else 200)


def _check_entries(form: WorkspaceForm, chosen: ChosenSample) -> list[CheckedEntry]:
    """The entries of the quick collection on the chosen sample; none without a sample."""
    if chosen.sample is None:
        return []
    index = layout_index((form.scopes or SCOPES)[0])
    found = quick_entries(chosen.sample, index, Workspace(form.name, form.scopes, quick=tuple(form.quick)))
    return [
        CheckedEntry(path, "layout" if each.layout else "" if each.is_missing else "plot", each.near.decode(errors="replace"))
        for path, each in zip(form.quick, found, strict=True)
    ]


def _label(field: str) -> str:
    """A field of a document, such as `quick[3]`, as `Quick collection, line 4`."""
    name, bracket, number = field.partition("[")
    label = LABELS.get(name, name.capitalize())
    return f"{label}, line {int(number[:-1]) + 1}" if bracket and number[:-1].isdecimal() else label
