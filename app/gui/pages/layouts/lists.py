"""The lists of layouts and workspaces, by scope and folder."""

from __future__ import annotations

from typing import Any, NamedTuple

from flask import Blueprint, Response, make_response, render_template, request, url_for

from app.gui.files.shown import shown_path
from app.gui.layouts.models import LAYOUT, WORKSPACE
from app.gui.layouts.scopes import SCOPES
from app.gui.layouts.showing.directory import INACTIVE, counts, entries, folder_list, matches, paths_of
from app.gui.pages.parts import requested_part
from app.security import Role, needs
from app.security.caller import current_user
from app.web.arguments import choice_arg
from app.web.clock import time_html

blueprint = Blueprint("layouts", __name__, url_prefix="/layouts")

PER_PAGE = 100

TABS = (*SCOPES, INACTIVE)


class FolderStep(NamedTuple):
    """A folder of the list."""

    name: str
    address: str
    arrangements: int = 0  # arrangements below it


@blueprint.get("")
@needs(Role.VIEWER)
def layout_list() -> Response:
    """The layouts of a folder of a scope, or those whose path has some words."""
    return _list_page(LAYOUT)


@blueprint.get("/workspaces")
@needs(Role.VIEWER)
def workspace_list() -> Response:
    """The workspaces of a scope, or those whose name has some words."""
    return _list_page(WORKSPACE)


def _list_page(kind: str) -> Response:
    """The list of a kind; 404 for a folder without any."""
    scope, folder, text = choice_arg("scope", TABS), request.args.get("folder", "").strip("/"), request.args.get("q", "").strip()
    paths = paths_of(kind, scope)
    found = folder_list(paths, folder)
    numbers = matches(paths, text) if text else found.here
    start, end = requested_part(PER_PAGE)
    page = render_template(
        "gui/layouts/list.html",
        kind=kind,
        tabs=[(name, count, _address(kind, scope=name, q=text), name == scope) for name, count in counts(kind).items()],
        scope=scope,
        folder=folder,
        text=text,
        crumbs=_crumbs(kind, scope, folder),
        subfolders=[]
        if text
        else [FolderStep(path.rpartition("/")[2], _address(kind, scope=scope, folder=path), count) for path, count in found.subfolders],
        total=len(numbers),
        entries=entries(numbers[start:end]),
        more=_address(kind, scope=scope, folder=folder, q=text, **{"from": end}) if end < len(numbers) else "",
        may_add=current_user().role >= Role.EXPERT,
        shown_path=shown_path,
        time_html=time_html,
    )
    is_absent = folder and not text and not numbers and not found.subfolders
    return make_response(page, 404 if is_absent else 200)


def _crumbs(kind: str, scope: str, folder: str) -> list[FolderStep]:
    parts = folder.split("/") if folder else []
    return [FolderStep(name, _address(kind, scope=scope, folder="/".join(parts[: depth + 1]))) for depth, name in enumerate(parts)]


def _address(kind: str, **fields: Any) -> str:
    """The address of a list; `online` and empty fields are left out."""
    shown = {name: value for name, value in fields.items() if value and (name, value) != ("scope", TABS[0])}
    return url_for("layouts.workspace_list" if kind == WORKSPACE else "layouts.layout_list", **shown)
