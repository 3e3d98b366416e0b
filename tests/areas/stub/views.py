"""Page and API of the stub area."""

from __future__ import annotations

import time

from flask import Blueprint, Response

from app.security import Role, needs
from app.web import cached_json, page, request_settings
from tests.areas.stub.models import Visit
from tests.areas.stub.settings import StubSettings

blueprint = Blueprint("stub", __name__, template_folder="templates")


@blueprint.get("/stub")
@needs(Role.VIEWER)
def visits() -> Response:
    """The number of visits."""
    Visit.create(at=time.time())
    greeting = request_settings().of(StubSettings).stub_greeting
    return page("stub/visits.html", "stub/visits.html", greeting=greeting, count=Visit.select().count())


@blueprint.get("/api/v1/stub")
@needs(Role.VIEWER)
def visits_api() -> Response:
    """The same for scripts."""
    return cached_json(Visit.select().count())
