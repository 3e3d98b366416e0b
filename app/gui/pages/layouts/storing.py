"""Checks the right to edit an arrangement, and stores the draft of a form or returns the reason why it cannot be stored."""

from __future__ import annotations

from typing import NamedTuple

from flask import Response, redirect, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from app.core.input_problems import InputProblems
from app.gui.layouts.contents import Content
from app.gui.layouts.editing import store
from app.gui.layouts.editing.conflict import ArrangementConflict
from app.gui.layouts.editing.rights import check_may_change
from app.gui.layouts.editing.versions import conflict_with
from app.gui.layouts.errors import InvalidArrangement, NotEditable, PathTaken
from app.gui.layouts.models import Arrangement
from app.gui.pages.layouts.detail import arrangement
from app.web import Problem

Problems = list[tuple[str, str]]
"""Field of a document, and what is wrong with it."""


class Refusal(NamedTuple):
    """Why a draft was not stored, with the HTTP status of the answer."""

    status: int
    problems: Problems
    conflict: ArrangementConflict | None = None


def store_draft(content: Content, row: Arrangement | None, based_on: int, reason: str, *, is_active: bool) -> AnyResponse | Refusal:
    """Save a draft as a new version and lead to it, or say why that is not possible.

    Args:
        row: Whose version it is; None for a new arrangement.
        based_on: Number of the newest version when the edit began.
        is_active: Whether it becomes active at once.
    """
    try:
        saved = store.save(content, arrangement=row.id if row else None, based_on=based_on, reason=reason, is_active=is_active)
    except ArrangementConflict as conflict:
        return Refusal(409, [], conflict)
    except InvalidArrangement as error:
        return Refusal(400, problems_of(error))
    except (PathTaken, NotEditable) as error:
        return Refusal(409, [("path", error.message)])
    except Problem as problem:  # the sender is no expert of the subsystem of the path
        return Refusal(problem.status, [("path", problem.message)])
    address = url_for("layouts.detail", number=saved.arrangement, version=None if is_active else saved.number)
    if "HX-Request" in request.headers:  # a redirection would leave the address of the editor
        return Response(status=204, headers={"HX-Redirect": address})
    return redirect(address, 303)


def shown_conflict(row: Arrangement | None, replaces: int, refusal: Refusal | None) -> ArrangementConflict | None:
    """The conflict that a form shows: the one that has just refused it, or the one that it has shown before, until it is stored."""
    if refusal and refusal.conflict:
        return refusal.conflict
    return conflict_with(row, replaces) if row and replaces else None


def editable(number: int, kind: str) -> Arrangement:
    """The layout or workspace, if the sender of the request may change it. Raises UnknownArrangement, NotEditable, Problem 403 and 404."""
    row = arrangement(number)
    check_may_change(row.owner, row.path)
    if row.kind != kind:
        raise Problem(404, f"{row.path} is no {kind}")
    store.check_editable(row)
    return row


def problems_of(error: InvalidArrangement) -> Problems:
    """The wrong fields of a document."""
    return list(error.fields.listed if isinstance(error.fields, InputProblems) else error.fields)
