"""The pages: a shell of the mirror's own around the fragments that the hub made."""

from __future__ import annotations

import re
import time
from datetime import UTC, datetime
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlencode
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from bottle import SimpleTemplate, request

from .store import State

HERE = Path(__file__).parent
STATIC = {path.name: path for path in (HERE / "static").iterdir()}
TYPES = {".css": "text/css; charset=utf-8", ".js": "text/javascript; charset=utf-8", ".svg": "image/svg+xml"}
SYSTEMS = ("production", "playback")
OLD_S = 60
"""Data of such an age are no longer what goes on: the hub says something at least each half minute."""

LIVE_S, CALM_S = 3, 30
"""Seconds between two polls of a page that shows what goes on, and of another."""

WAITING = '<h1 class="unseen">Nothing here</h1><p class="hint">Nothing has come from the hub yet, or it shows nothing here now.</p>'
AGE = re.compile(r'(<span\b[^<>]*\bdata-since="(\d{1,11})(?:\.\d+)?"[^<>]*>)</span>')


@cache
def template(name: str) -> SimpleTemplate:
    return SimpleTemplate((HERE / "templates" / name).read_text(encoding="utf-8"))


@cache
def version(name: str = "") -> str:
    """Of a static file, or of all that pages are made from."""
    files = [STATIC[name]] if name else [*sorted(STATIC.values()), *sorted((HERE / "templates").iterdir())]
    return sha256(b"".join(file.read_bytes() for file in files)).hexdigest()[:12]


@cache
def zone() -> tuple[Any, str]:
    """The zone in which times are shown, and its name; UTC on a machine without a table of zones."""
    try:
        return ZoneInfo("Europe/Zurich"), "Swiss time"
    except ZoneInfoNotFoundError:
        return UTC, "UTC"


def moment(at: float) -> str:
    """A moment, Unix s UTC, as HTML that a script can show in another zone."""
    machine = datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    return f'<time datetime="{machine}" data-at="{int(at)}">{datetime.fromtimestamp(at, zone()[0]):%Y-%m-%d %H:%M:%S}</time>'


def age(seconds: float) -> str:
    """An age in words, as the script has it."""
    whole = max(0, int(seconds))
    for unit, size, least in (("days", 86400, 172800), ("h", 3600, 7200), ("min", 60, 120)):
        if whole >= least:
            return f"{whole // size} {unit}"
    return f"{whole} s"


def with_ages(fragment: str) -> str:
    """A fragment in which the ages are filled in, for browsers without scripts."""
    now = time.time()
    return AGE.sub(lambda found: f"{found[1]}{age(now - float(found[2]))}</span>", fragment)


def link(path: str, system: str, **query: object) -> str:
    """An address relative to the root of the mirror."""
    given = {"db": system if system != SYSTEMS[0] else "", **query}
    text = urlencode({name: value for name, value in given.items() if value not in ("", None)})
    return f"{path}?{text}" if text else path


def base() -> str:
    """The way from this address to the root of the mirror: right behind every proxy, whatever prefix it adds."""
    return "../" * (request.environ["PATH_INFO"].count("/") - 1) or "./"


class Polling(NamedTuple):
    """How a page asks for what is new: the address, the item that it shows, and after how many seconds."""

    address: str
    tag: str
    every: int


def page(title: str, system: str, state: State, fragment: str, place: str, polling: Polling | None, before: str = "") -> bytes:
    """A whole page: a fragment, and what stands before it. place: which entry of the navigation it is."""
    now, query = time.time(), request.query_string
    text: str = template("shell.html").render(
        title=title, system=system, state=state, fragment=with_ages(fragment), before=before, place=place, polling=polling,
        base=base(), here=request.path.lstrip("/") + (f"?{query}" if query else ""), link=link, systems=SYSTEMS, moment=moment, age=age, zone=zone()[1],
        now=now, is_old=now - state.at > OLD_S, version=version,
    )  # fmt: skip
    return text.encode()


def error_page(status: int, message: str) -> bytes:
    """A page that says what went wrong, and the way on."""
    title = {404: "Not found", 429: "Too many requests"}.get(status, "Error")
    text: str = template("error.html").render(title=title, message=message, base=base(), version=version)
    return text.encode()
