"""/api/openapi.json: the API of all areas in one document."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from flask import Blueprint, Response, current_app, request

from app.core.area import Area
from app.core.version import VERSION
from app.security import Role, needs
from app.web import cached_json
from app.web.openapi import INTEGER, TEXT, array, json_response, object_schema

blueprint = Blueprint("openapi", __name__)

FIELDS = array(object_schema({"field": TEXT, "problem": TEXT}))
PROBLEM = object_schema(
    {"message": TEXT, "status": INTEGER, "errors": FIELDS, "not_listed": INTEGER}, required=("message", "status", "errors")
)
ERROR_RESPONSE = json_response("An error: what is wrong, and what would be right.", {"$ref": "#/components/schemas/Problem"})
OWN_PATHS = {
    "/api/openapi.json": {
        "get": {"summary": "This document.", "parameters": [], "responses": {"200": {"description": "OpenAPI 3.0."}}},
    }
}


def document(areas: Iterable[Area], url_prefix: str = "") -> dict[str, Any]:
    """The OpenAPI document of these areas, below a URL prefix; each operation also has the error response."""
    declared: dict[str, Any] = dict(OWN_PATHS)
    for area in areas:
        declared.update(area.openapi() if area.openapi else {})
    paths = {
        address: {method: what | {"responses": what["responses"] | {"default": ERROR_RESPONSE}} for method, what in methods.items()}
        for address, methods in sorted(declared.items())
    }
    return {
        "openapi": "3.0.3",
        "info": {"title": "DQM Hub", "version": VERSION, "license": {"name": "Apache-2.0"}},
        "servers": [{"url": url_prefix or "/"}],
        "paths": paths,
        "components": {"schemas": {"Problem": PROBLEM}},
    }


@blueprint.get("/api/openapi.json")
@needs(Role.PUBLIC)
def openapi() -> Response:
    """The OpenAPI document."""
    return cached_json(document(current_app.extensions["areas"], request.script_root))
