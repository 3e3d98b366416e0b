"""The operators' page of publishing: the state of the mirrors, redaction counts, and a preview of each published page."""

from __future__ import annotations

import gzip
from urllib.parse import urlencode

from flask import Blueprint, Response, redirect, request, url_for
from markupsafe import Markup
from werkzeug.wrappers import Response as AnyResponse

from app.core.area import current_areas
from app.publish import redaction_counts, status
from app.publish.areas import PreviewGroup, PublishedArea, item_key_at, published_areas
from app.publish.models import PublishedItem
from app.publish.rendering import HTML
from app.publish.revisions import EXISTS, newest_series
from app.publish.settings import PublishSettings
from app.security import Role, needs
from app.web import Problem, page, request_settings
from app.web.responses import ContentResponse

pages = Blueprint("publish", __name__)

DAYS = 7
"""Days of the table of redaction counts."""


@pages.get("/published")
@needs(Role.EXPERT)
def published() -> Response:
    """The state of the mirrors and the published data."""
    settings = request_settings()
    kinds, days = redaction_counts.by_day(DAYS)
    return page(
        "publish/published.html",
        "publish/published_fragment.html",
        publishes=settings.of(PublishSettings).publishes,
        series=newest_series(),
        mirrors=status.mirrors(settings),
        kinds=kinds,
        days=days,
        previews=_previews(),
        items=status.items_by_kind(),
    )


def _areas() -> list[PublishedArea]:
    return published_areas(current_areas())


def _previews() -> list[PreviewGroup]:
    """The links to published pages of all areas; links under the same heading in one group."""
    groups: dict[str, list[tuple[str, str]]] = {}
    for area in _areas():
        for heading, links in area.previews():
            groups.setdefault(heading, []).extend(links)
    return [PreviewGroup(heading, links) for heading, links in groups.items()]


@pages.get("/published/preview")
@needs(Role.EXPERT)
def preview() -> Response:
    """Preview of a published page (`of`: its address on a mirror), with a list of all published items of its run."""
    address = request.args.get("of", "")
    row = _item_at(address)
    if row.type != HTML:
        raise Problem(404, f"{address} is not a page")
    return page(
        "publish/preview.html",
        "publish/preview.html",
        row=row,
        content=Markup(_content(row).decode()),
        address=address,
        items=_items_of_run(row) if row.run else [],
        styles=[style for area in _areas() for style in area.styles],
    )


def _items_of_run(row: PublishedItem) -> list[PublishedItem]:
    columns = PublishedItem.kind, PublishedItem.name, PublishedItem.size, PublishedItem.revision, PublishedItem.at
    same = PublishedItem.system == row.system, PublishedItem.run == row.run, EXISTS
    return list(PublishedItem.select(*columns).where(*same).order_by(PublishedItem.kind, PublishedItem.name))


@pages.get("/published/<path:address>")
@needs(Role.EXPERT)
def published_item(address: str) -> AnyResponse:
    """The item at an address of a mirror: the content of an image or text; a page redirects to its preview."""
    if request.query_string:
        address += "?" + urlencode({name: value for name, value in request.args.items() if name != "v"})
    row = _item_at(address)
    if row.type == HTML:
        return redirect(url_for("publish.preview", of=address))
    return ContentResponse(_content(row), content_type=row.type)


def _item_at(address: str) -> PublishedItem:
    """The published item at an address relative to the root of a mirror. Raises Problem 404."""
    if key := item_key_at(_areas(), address):
        same = (getattr(PublishedItem, name) == value for name, value in key._asdict().items())
        row: PublishedItem | None = PublishedItem.get_or_none(*same, EXISTS)
        if row is not None:
            return row
    raise Problem(404, f"Nothing is published at {address or 'this address'}")


def _content(row: PublishedItem) -> bytes:
    body = bytes(row.body or b"")
    return gzip.decompress(body) if row.encoding else body
