"""What a request asks for: system, run and other numbers of its query, and the address by which the mirror was reached."""

from __future__ import annotations

import re

from bottle import request

from .pages import SYSTEMS
from .web import problem

LARGEST_RUN = 10**15
HOST = re.compile(r"[A-Za-z0-9.-]{1,253}(:\d{1,5})?|\[[0-9a-fA-F:.]{2,45}\](:\d{1,5})?")


def system(name: str = "db") -> str:
    """production, unless the query names the other."""
    given: str = request.query.get(name) or SYSTEMS[0]
    if given not in SYSTEMS:
        raise problem(400, f"{name} must be one of {sorted(SYSTEMS)}", name, "one of " + ", ".join(sorted(SYSTEMS)))
    return given


def wholes(*names: str) -> list[int]:
    """Whole numbers that the query must have; all are named when one cannot be used, as the older mirror does."""
    given: list[str] = [request.query.get(name) or "" for name in names]
    for name, text in zip(names, given, strict=True):
        if not is_whole(text):
            message = f"{', '.join(reversed(names))} must be {'an integer' if len(names) == 1 else 'integers'}"
            raise problem(400, message, name, "a whole number is expected")
    return [int(text) for text in given]


def whole(name: str) -> int | None:
    """A whole number that the query may have."""
    return wholes(name)[0] if request.query.get(name) else None


def is_whole(text: str) -> bool:
    return text.isascii() and text.isdecimal() and len(text) < 20 and int(text) <= LARGEST_RUN


def text(name: str, longest: int = 200) -> str:
    given: str = request.query.getunicode(name) or ""
    return given.strip()[:longest]


def own_address() -> str:
    """The root of the mirror as this client reached it, without a slash at its end: http://host:port/prefix."""
    environ = request.environ
    host, scheme = environ.get("HTTP_HOST", ""), environ["wsgi.url_scheme"]
    if environ["mirror.trusted"]:
        host = environ.get("HTTP_X_FORWARDED_HOST") or host
        scheme = environ.get("HTTP_X_FORWARDED_PROTO") or scheme
    if not HOST.fullmatch(host) or scheme not in ("http", "https"):
        raise problem(400, "the request does not say a host by which a browser could reach this mirror")
    return f"{scheme}://{host}{environ['SCRIPT_NAME']}"
