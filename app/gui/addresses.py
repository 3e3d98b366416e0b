"""Samples, folders and monitor elements in addresses.

Names of folders and monitor elements (MEs) are bytes that can contain anything but `/` and NUL, UTF-8 or not. So a path is
taken from the bytes of the request, and every part of one is percent-encoded. Browsers resolve the parts `.` and `..`
however they are encoded; an address has `~` before them, and before parts that have it already.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import NamedTuple
from urllib.parse import quote, unquote

from werkzeug.routing import BaseConverter, PathConverter

from app.gui.samples import SampleKey

MAX_ADDRESS = 8000
"""Length of an address, letters; the request line of gunicorn has 8,190 with the method, and downloads add a format."""

ENCODED = "*"
"""Ends the name of a field of a form whose value is percent-encoded once more."""


class AnyPath(PathConverter):
    """`<path:...>` in a route; matches names with line ends as well."""

    regex = "[^/](?s:.*)"


class LegacyServer(BaseConverter):
    """`<server:...>` in a route; the first part of addresses of the servers of the legacy DQM GUI, such as `online-playback-new`."""

    regex = "(?:online|offline|relval|dev)(?:-(?:playback|test|new))*"


_DOTS = re.compile(rb"~*\.{1,2}")


@lru_cache(10_000)
def quote_path(path: bytes) -> str:
    """An ME path or folder in the form that it has in addresses."""
    return "/".join(quote(b"~" + part if _DOTS.fullmatch(part) else part, safe="") for part in path.split(b"/"))


def unquote_path(parts: list[bytes]) -> bytes:
    """The reverse of `quote_path`, for parts that are percent-decoded already."""
    return b"/".join(part[1:] if part.startswith(b"~") and _DOTS.fullmatch(part) else part for part in parts)


def text(name: bytes) -> str:
    """A name as text; bytes that are not UTF-8 become \\x and their number."""
    return name.decode("utf-8", "backslashreplace")


def form_value(name: bytes) -> str:
    """A name as a field of a form; "" for one that browsers change: not UTF-8, or with line ends and the like."""
    try:
        value = name.decode()
    except UnicodeDecodeError:
        return ""
    return value if value.isprintable() else ""


class FormField(NamedTuple):
    """A field of a form with a part of an address; ENCODED ends the name of one whose value forms would change."""

    name: str
    value: str


def form_field(name: str, value: str | bytes) -> FormField:
    """A field of the query of an address as that of a form."""
    plain = value if isinstance(value, str) else form_value(value)
    return FormField(name, plain) if plain or not value else FormField(name + ENCODED, quote(value, safe=""))


def query_field(name: str, value: str) -> tuple[str, str]:
    """The reverse of `form_field`; bytes that are not UTF-8 are surrogate escapes. Fields of addresses are as they are."""
    return (name.removesuffix(ENCODED), unquote(value, errors="surrogateescape")) if name.endswith(ENCODED) else (name, value)


@lru_cache(1000)
def sample_path(key: SampleKey) -> str:
    """A sample in an address: run[:lumi]/primary/processed/tier."""
    return f"{run_and_lumi(key)}/{quote_path(key.dataset.strip('/').encode())}"


def run_and_lumi(key: SampleKey) -> str:
    """The run of a sample, with `:` and its lumisection if it is of one."""
    return f"{key.run}:{key.lumi}" if key.lumi else str(key.run)


def object_name(key: SampleKey, path: bytes) -> bytes:
    """An ME as a value of `obj` in the query of an overlay, before percent-encoding."""
    return f"archive/{run_and_lumi(key)}{key.dataset}/".encode() + path
