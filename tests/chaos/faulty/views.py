"""Pages of the faulty area."""

from __future__ import annotations

import time

from flask import Blueprint, Response

from app.core.database import proxy
from app.security import Role, needs
from app.web import page
from tests.chaos.faulty.models import FaultyNote

blueprint = Blueprint("faulty", __name__, template_folder="templates")


@blueprint.get("/faulty")
@needs(Role.VIEWER)
def notes() -> Response:
    """The notes, as they were entered."""
    return page("faulty/notes.html", "faulty/notes.html", notes=FaultyNote.select())


@blueprint.post("/faulty/add")
@needs(Role.VIEWER)
def add() -> tuple[str, int]:
    """Whatever goes wrong is an error of the server."""
    try:
        FaultyNote.create(text="added")
    except Exception:
        return "Something went wrong", 500
    return "Added", 200


@blueprint.get("/faulty/count")
@needs(Role.VIEWER)
def count() -> tuple[str, int]:
    """A page that needs to write, and does not say so."""
    try:
        FaultyNote.create(text="counted")
    except Exception:
        return "", 503
    return f"{FaultyNote.select().count()}", 200


@blueprint.get("/faulty/wait")
@needs(Role.VIEWER)
def wait() -> str:
    """Others wait for the end of this transaction."""
    with proxy.atomic():
        FaultyNote.create(text="waited")
        time.sleep(0.01)
    return "Waited"


@blueprint.get("/faulty/forgotten")
def forgotten() -> str:
    """A page without a role, although the declaration has one."""
    return "Forgotten"
