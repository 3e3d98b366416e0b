"""The JSON bodies of requests to the API of the diary."""

from __future__ import annotations

from typing import Any

from app.diary.review.review import ReviewChange
from app.web import Problem
from app.web.json_body import json_body

TEXTS = ("review", "verdict", "summary", "notes")
BULK_TEXTS = ("review", "verdict", "summary")
"""Of all jobs of a list; their notes would replace those of each, so they are left alone."""
LISTS = ("tags", "add_tags", "remove_tags")
MAX_BODY_BYTES = 256 * 1024
MAX_NUMBER = 2**53
EXPECTED = "Expected a JSON object"


def body_with(*fields: str) -> dict[str, Any]:
    """The object in the body of this request, with no fields but these. Raises Problem 400."""
    body = json_body(EXPECTED)
    if not isinstance(body, dict):
        raise Problem(400, EXPECTED, [("body", "Expected a JSON object")])
    if unknown := sorted(body.keys() - set(fields)):
        raise Problem(400, "There are unknown fields", [(name[:100], f"Expected one of {', '.join(fields)}") for name in unknown])
    return body


def change_of(body: dict[str, Any]) -> ReviewChange:
    """The change of a review that a body describes. Raises Problem 400 with all that is wrong."""
    wrong = [(name, "Expected a text") for name in TEXTS if body.get(name) is not None and not isinstance(body[name], str)]
    wrong += [(name, "Expected a list of texts") for name in LISTS if body.get(name) is not None and not _is_texts(body[name])]
    if wrong:
        raise Problem(400, "The review cannot be used", wrong)
    texts = {name: body.get(name) for name in TEXTS}
    more, less = (tuple(body.get(name) or ()) for name in LISTS[1:])
    tags = None if body.get("tags") is None else tuple(body["tags"])
    return ReviewChange(**texts, tags=tags, add_tags=more, remove_tags=less)


def whole_number(body: dict[str, Any], field: str, meaning: str) -> int:
    """A required number of the body. Raises Problem 400."""
    value = body.get(field)
    if type(value) is not int or not 0 <= value <= MAX_NUMBER:
        raise _wrong(body, field, meaning)
    return value


def text_of(body: dict[str, Any], field: str, meaning: str) -> str:
    """A text of the body, which must be there. Raises Problem 400."""
    value = body.get(field)
    if not isinstance(value, str):
        raise _wrong(body, field, meaning)
    return value


def _wrong(body: dict[str, Any], field: str, meaning: str) -> Problem:
    return Problem(400, f"The {field} {'cannot be used' if field in body else 'is missing'}", [(field, f"Expected {meaning}")])


def _is_texts(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(item, str) for item in value)
