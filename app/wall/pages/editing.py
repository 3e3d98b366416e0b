"""The form of a wall."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from flask import Blueprint, Response, make_response, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from app.security import Role, needs
from app.wall.definition import MAX_SIDE, SECONDS, parse_wall
from app.wall.errors import InvalidWall, WallConflict
from app.wall.pages.form import after_button, document_from_form, new_document
from app.wall.panels import panels
from app.wall.store import NEW_WALL, delete_wall, find_wall, save_wall
from app.web.arguments import parse_int

blueprint = Blueprint("wall_forms", __name__)

MAX_FORM_BYTES = 512 * 1024


@blueprint.get("/walls/new")
@needs(Role.OPERATOR)
def new() -> Response:
    """The form of a new wall."""
    return _form(new_document(), NEW_WALL)


@blueprint.post("/walls/new")
@needs(Role.OPERATOR)
def add() -> AnyResponse:
    """Store a new wall, or show the form after a button."""
    return _save("")


@blueprint.get("/walls/<name>/edit")
@needs(Role.OPERATOR)
def edit(name: str) -> Response:
    """The form of a wall."""
    stored = find_wall(name)
    return _form(stored.definition.document, stored.version)


@blueprint.post("/walls/<name>/edit")
@needs(Role.OPERATOR)
def save(name: str) -> AnyResponse:
    """Store a changed wall, or show the form after a button."""
    return _save(name)


@blueprint.post("/walls/<name>/delete")
@needs(Role.OPERATOR)
def delete(name: str) -> AnyResponse:
    """Delete a wall."""
    delete_wall(name)
    return redirect(url_for("walls.wall_list"), 303)


def _save(name: str) -> AnyResponse:
    """The response to a form. name: of the stored wall, "" for a new one."""
    request.max_content_length, request.max_form_parts = MAX_FORM_BYTES, None
    document = document_from_form(request.form)
    if name:
        document["name"] = name
    version = (parse_int(request.form.get("version", "")) or 1) if name else NEW_WALL
    button = request.form.get("do", "save")
    if button != "save":
        tab = button.partition(":")[2]
        return _form(after_button(document, button, request.form.get(f"tabs.{tab}.new", "")), version)
    try:
        save_wall(parse_wall(document), version)
    except InvalidWall as error:
        return _form(document, version, error.problems, 400)
    except WallConflict as error:
        return _form(document, version, [("", str(error))], 409)
    return redirect(url_for("walls.wall_list"), 303)


def _form(document: dict[str, Any], version: int, problems: Sequence[tuple[str, str]] = (), status: int = 200) -> Response:
    text = render_template(
        "wall/edit.html",
        document=document,
        version=version,
        stored=version != NEW_WALL,
        problems=problems,
        kinds={panel.kind: panel for panel in panels()},
        seconds=SECONDS,
        max_side=MAX_SIDE,
    )
    return make_response(text, status)
