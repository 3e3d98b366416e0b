"""/api/v1/trends/groups: display groups for scripts, which experts of a subsystem may change."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, request

from app.security import Role, needs
from app.security.subsystems import check_may_edit
from app.trends.groups import store
from app.trends.groups.group import group_from_json
from app.trends.groups.known import known_trends
from app.trends.groups.models import TrendGroup
from app.web import Problem, cached_json
from app.web.arguments import int_arg
from app.web.json_body import json_body

blueprint = Blueprint("trend_groups_api", __name__, url_prefix="/api/v1/trends/groups")

MAX_BODY_BYTES = 128 * 1024
MAX_NUMBER = 2**31 - 1

EXPECTED = "Expected a display group as a JSON object"


@blueprint.get("")
@needs(Role.VIEWER)
def list_groups() -> Response:
    """The groups of one `subsystem` or of all, in their order."""
    found = store.rows_of(request.args.get("subsystem", ""))
    known = {subsystem: frozenset(known_trends(subsystem)) for subsystem in {row.subsystem for row in found}}
    return cached_json({"groups": [group_json(row, known[row.subsystem]) for row in found]})


@blueprint.get("/<int:group>")
@needs(Role.VIEWER)
def show_group(group: int) -> Response:
    """One group."""
    return _answer(_row(group))


@blueprint.post("")
@needs(Role.EXPERT)
def add_group() -> Response:
    """Store a new group behind the others."""
    request.max_content_length = MAX_BODY_BYTES
    group = group_from_json(json_body(EXPECTED))
    check_may_edit(group.subsystem)
    row = store.add_group(group)
    answer = _answer(row, 201)
    answer.headers["Location"] = f"{request.script_root}/api/v1/trends/groups/{row.id}"
    return answer


@blueprint.put("/<int:group>")
@needs(Role.EXPERT)
def edit_group(group: int) -> Response:
    """Replace a group; `version` of the body is the one that was read."""
    request.max_content_length = MAX_BODY_BYTES
    row = _row(group)
    check_may_edit(row.subsystem)
    body = json_body(EXPECTED)
    edited = group_from_json(body)
    if edited.subsystem != row.subsystem:
        raise Problem(400, "A group stays in its subsystem", [("subsystem", f"Expected {row.subsystem}")])
    version = body.get("version")
    if type(version) is not int or not 0 < version <= MAX_NUMBER:
        raise _no_version()
    store.edit_group(row, version, edited)
    return _answer(store.find_group(row.id))


@blueprint.delete("/<int:group>")
@needs(Role.EXPERT)
def delete_group(group: int) -> Response:
    """Delete a group that was read at `version`; the history on its page brings it back."""
    row = _row(group)
    check_may_edit(row.subsystem)
    version = int_arg("version", 0, MAX_NUMBER)
    if not version:
        raise _no_version()
    store.delete_group(row, version)
    return Response(status=204)


def _no_version() -> Problem:
    return Problem(400, "The version of the group is missing", [("version", "Expected the whole number that came with the group")])


def group_json(row: TrendGroup, known: frozenset[str]) -> dict[str, Any]:
    """A group in the original's form, with its number, version, and the series that no configuration has."""
    group = store.group_of_row(row)
    missing = [name for name in dict.fromkeys(group.series) if name not in known]
    return {"id": row.id, "version": row.version, **group.json, "missing": missing}


def _answer(row: TrendGroup, status: int = 200) -> Response:
    return cached_json(group_json(row, frozenset(known_trends(row.subsystem))), status)


def _row(number: int) -> TrendGroup:
    """The group of this number that is not deleted. Raises Problem 404."""
    row = store.find_group(min(number, MAX_NUMBER))
    if row.deleted:
        raise Problem(404, f"The group {row.name} of {row.subsystem} is deleted; the history on its page brings it back")
    return row
