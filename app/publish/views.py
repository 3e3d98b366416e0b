"""The operators' page of what leaves: the mirrors, what was dropped or replaced, and each page as outside has it."""

from __future__ import annotations

import gzip
from typing import NamedTuple
from urllib.parse import parse_qs, urlencode, urlsplit

from flask import Blueprint, Response, redirect, request, url_for
from markupsafe import Markup
from werkzeug.wrappers import Response as AnyResponse

from app.core.database import rows
from app.publish import status
from app.publish.items import HTML
from app.publish.models import Published
from app.security import Role, needs
from app.square.models import SYSTEMS
from app.web import Problem, page, request_settings
from app.web.arguments import LARGEST_RUN

pages = Blueprint("publish", __name__)

DAYS = 7
"""Of the table of what was dropped or replaced."""

RUNS = 20
"""Newest runs that the page leads to."""


@pages.get("/published")
@needs(Role.EXPERT)
def outside() -> Response:
    """The mirrors and what they get."""
    settings = request_settings()
    kinds, days = status.cleaned(DAYS)
    runs = {system: _newest_runs(system) for system in SYSTEMS}
    return page(
        "publish/published.html", "publish/published_fragment.html", settings=settings, series=status.newest(), receivers=status.receivers(settings),
        kinds=kinds, days=days, runs=runs, published=status.published(),
    )  # fmt: skip


def _newest_runs(system: str) -> list[int]:
    of = Published.kind == "run", Published.name == "page", Published.system == system, Published.body.is_null(False)
    return [run for (run,) in rows(Published.select(Published.run).where(*of).order_by(Published.run.desc()).limit(RUNS))]


@pages.get("/published/preview")
@needs(Role.EXPERT)
def preview() -> Response:
    """A page of the mirror, `of`, exactly as it is published, and what else is of its run."""
    address = request.args.get("of", "")
    row = _published(address)
    if row.type != HTML:
        raise Problem(404, f"{address} is no page")
    same = Published.system == row.system, Published.run == row.run, Published.body.is_null(False)
    others = Published.select(Published.kind, Published.name, Published.size, Published.edition, Published.at).where(*same)
    return page(
        "publish/preview.html", "publish/preview.html", row=row, shown=Markup(_content(row).decode()), address=address,
        others=others.order_by(Published.kind, Published.name) if row.run else [],
    )  # fmt: skip


@pages.get("/published/<path:address>")
@needs(Role.EXPERT)
def shown(address: str) -> AnyResponse:
    """What a mirror has at an address: an image or text as it is, a page within one of the hub."""
    if request.query_string:
        address += "?" + urlencode({name: value for name, value in request.args.items() if name != "v"})
    row = _published(address)
    if row.type == HTML:
        return redirect(url_for("publish.preview", of=address))
    return Response(_content(row), content_type=row.type)


class Address(NamedTuple):
    """Where an item is: kind, system, run and name."""

    kind: str
    system: str
    run: int
    name: str


def _published(address: str) -> Published:
    found = _parsed(address)
    row: Published | None = found and Published.get_or_none(
        Published.kind == found.kind, Published.system == found.system, Published.run == found.run, Published.name == found.name,
        Published.body.is_null(False),
    )  # fmt: skip
    if row is None:
        raise Problem(404, f"outside has nothing at {address or 'this address'}")
    return row


def _parsed(address: str) -> Address | None:
    """An address of a mirror, relative to its root, as the item that it shows."""
    parts = urlsplit(address)
    query = {name: values[0] for name, values in parse_qs(parts.query).items()}
    system = query.get("db", SYSTEMS[0])
    match parts.path.split("/"):
        case [""]:
            return Address("live", system, 0, "page")
        case ["timeline"]:
            return Address("timeline", system, _run(query.get("from", "")) // 100 * 100, "page")
        case ["help" | "redactions" as kind]:
            return Address(kind, "all", 0, "page")
        case ["runs", run]:
            return Address("run", system, _run(run), "page")
        case ["charts", run, name]:
            return Address("chart", system, _run(run), name)
        case ["logs", run, name]:
            return Address("logtext" if name.endswith(".txt") else "log", system, _run(run), name.removesuffix(".txt"))
    return None


def _run(text: str) -> int:
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 19 and int(text) <= LARGEST_RUN else 0


def _content(row: Published) -> bytes:
    body = bytes(row.body or b"")
    return gzip.decompress(body) if row.encoding else body
