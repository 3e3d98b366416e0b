"""The query of an API address: its parts are separated by `&` or, as older clients do, by `;`.

Both may stand in a value when they are percent-encoded.
"""

from __future__ import annotations

import re
from functools import lru_cache
from urllib.parse import parse_qsl

from flask import request
from werkzeug.datastructures import MultiDict

_TIME = re.compile(rb"(?:^|(?<=[&;]))notOlderThan=[^&;]*[&;]?")


def given() -> MultiDict[str, str]:
    """The query of this request; bytes that are no UTF-8 show as replacement characters."""
    return _parsed(request.query_string, "replace")


def values(name: str) -> list[bytes]:
    """All values of one name, as the bytes that the client meant: names of monitor elements need not be UTF-8."""
    return [value.encode("utf-8", "surrogateescape") for value in _parsed(request.query_string, "surrogateescape").getlist(name)]


def without_time() -> bytes:
    """The query of this request without `notOlderThan`, which is another one each time."""
    return _TIME.sub(b"", request.query_string) if b"notOlderThan" in request.query_string else request.query_string


@lru_cache(maxsize=16)  # a request looks several times, and the next one is another
def _parsed(query: bytes, errors: str) -> MultiDict[str, str]:
    return parsed(query, errors)


def parsed(query: bytes, errors: str = "replace") -> MultiDict[str, str]:
    """The names and values of a query."""
    text = query.decode("latin1").replace(";", "&")
    return MultiDict(parse_qsl(text, keep_blank_values=True, encoding="utf-8", errors=errors))
