"""Parses requests: system, run and other parameters of the query, and the address under which the client reached the mirror."""

from __future__ import annotations

import re

from bottle import request

from .pages import SYSTEMS
from .responses import error_response

MAX_RUN = 10**15
HOST = re.compile(r"[A-Za-z0-9.-]{1,253}(:\d{1,5})?|\[[0-9a-fA-F:.]{2,45}\](:\d{1,5})?")


def parse_system(name: str = "db", default: str = SYSTEMS[0]) -> str:
    """The system in a parameter of the query; status 400 for an unknown one, and for a missing one if `default` is ""."""
    system: str = request.query.get(name) or default
    if system not in SYSTEMS:
        raise error_response(400, f"{name} must be one of {sorted(SYSTEMS)}", name, "one of " + ", ".join(sorted(SYSTEMS)))
    return system


def required_integers(*names: str, message: str = "") -> list[int]:
    """Integers that the query must have. As the original does, the error message names all of them.

    message: in place of "<names> must be integers".
    """
    values: list[str] = [request.query.get(name) or "" for name in names]
    for name, value in zip(names, values, strict=True):
        if not is_run_number(value):
            message = message or f"{', '.join(reversed(names))} must be {'an integer' if len(names) == 1 else 'integers'}"
            raise error_response(400, message, name, f"an integer from 0 to {MAX_RUN}")
    return [int(value) for value in values]


def optional_integer(name: str) -> int | None:
    """An integer that the query may have; status 400 when it is not one."""
    return required_integers(name)[0] if request.query.get(name) else None


def is_run_number(text: str) -> bool:
    """Whether a text is an integer from 0 to MAX_RUN in ASCII digits."""
    return text.isascii() and text.isdecimal() and len(text) < 20 and int(text) <= MAX_RUN


def parse_text(name: str, max_length: int = 200) -> str:
    """A text parameter without surrounding blanks, cut after `max_length` characters; "" when it is missing."""
    value: str = request.query.getunicode(name) or ""
    return value.strip()[:max_length]


def base_url() -> str:
    """URL of the mirror's root as this client reached it, without a trailing slash: http://host:port/prefix."""
    environ = request.environ
    host, scheme = environ.get("HTTP_HOST", ""), environ["wsgi.url_scheme"]
    if environ["mirror.trusted"]:
        host = environ.get("HTTP_X_FORWARDED_HOST") or host
        scheme = environ.get("HTTP_X_FORWARDED_PROTO") or scheme
    if not HOST.fullmatch(host) or scheme not in ("http", "https"):
        raise error_response(400, "The request has no valid Host header")
    return f"{scheme}://{host}{environ['SCRIPT_NAME']}"
