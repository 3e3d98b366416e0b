"""Texts are sent compressed to clients that accept gzip; the right content is that of the answer without compression."""

from __future__ import annotations

import gzip
import re
from typing import TYPE_CHECKING

import pytest
from flask import Response, send_file

from app.core.settings import TREE
from app.security import Role, needs
from app.web import cached_json, not_modified

if TYPE_CHECKING:
    from flask import Flask
    from flask.testing import FlaskClient
    from werkzeug.test import TestResponse

GZIP = {"Accept-Encoding": "gzip, deflate, br"}
HTMX = "/static/vendor/htmx/htmx.min.js"


def first_page(client: FlaskClient) -> list[str]:
    """The home page, and the scripts and styles that it requests."""
    page = client.get(buffered=True, path="/").text
    return ["/", *(address for address in re.findall(r'(?:src|href)="([^"]+)"', page) if re.search(r"\.(?:css|js)\b", address))]


def test_the_first_page_with_its_scripts_and_styles_is_sent_in_a_third_of_its_size(client: FlaskClient) -> None:
    addresses = first_page(client)
    assert len(addresses) >= 4
    sizes = {"plain": 0, "gzip": 0}
    for address in addresses:
        plain, packed = client.get(buffered=True, path=address), client.get(buffered=True, path=address, headers=GZIP)
        assert "Accept-Encoding" in plain.headers["Vary"]
        assert "Accept-Encoding" in packed.headers["Vary"]
        assert packed.content_length == len(packed.data)
        assert plain.data == (gzip.decompress(packed.data) if packed.content_encoding == "gzip" else packed.data)
        sizes["plain"] += len(plain.data)
        sizes["gzip"] += len(packed.data)
    assert sizes["gzip"] * 3 < sizes["plain"]


@pytest.mark.parametrize("accepted", ["", "identity", "br", "gzip;q=0", "*;q=0"])
def test_a_client_that_does_not_accept_gzip_gets_none(client: FlaskClient, accepted: str) -> None:
    answer = client.get(buffered=True, path=HTMX, headers={"Accept-Encoding": accepted})
    assert answer.content_encoding is None
    assert answer.data == (TREE / HTMX[1:]).read_bytes()


def test_head_has_the_headers_of_get(client: FlaskClient) -> None:
    for address in first_page(client):
        got, head = client.get(buffered=True, path=address, headers=GZIP), client.head(buffered=True, path=address, headers=GZIP)
        assert head.data == b""
        for name in ("Content-Encoding", "Content-Length", "Content-Type", "ETag", "Vary"):
            assert head.headers.get(name) == got.headers.get(name), (address, name)


def test_the_etag_of_a_compressed_answer_is_weak_and_the_client_is_told_when_nothing_changed(client: FlaskClient) -> None:
    for address in (HTMX, "/bundles/web.css"):
        plain, packed = client.get(buffered=True, path=address), client.get(buffered=True, path=address, headers=GZIP)
        assert not plain.headers["ETag"].startswith("W/")
        assert packed.headers["ETag"] == "W/" + plain.headers["ETag"]  # RFC 9110 8.8.3: equal content, other bytes
        for answer in (plain, packed):
            again = client.get(buffered=True, path=address, headers=GZIP | {"If-None-Match": answer.headers["ETag"]})
            if address == HTMX:
                assert (again.status_code, again.data) == (304, b"")
                assert again.headers["ETag"] == answer.headers["ETag"]


@pytest.fixture
def views(app: Flask) -> Flask:
    """An application with one address for each way to answer."""
    text = "a line of text\n" * 1000

    def etag() -> Response:
        answer = not_modified("tag") or Response(text, mimetype="application/json")
        answer.set_etag("tag")
        return answer

    rules = {
        "json": lambda: cached_json({"text": text}),
        "etag": etag,
        "stream": lambda: Response((text for _ in range(2)), mimetype="text/plain"),
        "table": lambda: Response((text for _ in range(2)), mimetype="text/csv"),
        "file": lambda: send_file(TREE / "CHANGELOG.md", mimetype="text/plain"),
        "image": lambda: Response(text.encode(), mimetype="image/png"),
        "short": lambda: Response("<p>short", mimetype="text/html"),
        "secret": lambda: Response(text, headers={"Cache-Control": "no-transform"}),
        "packed": lambda: Response(gzip.compress(text.encode()), headers={"Content-Encoding": "gzip"}),
    }
    for name, view in rules.items():
        app.add_url_rule(f"/{name}", name, needs(Role.PUBLIC)(view))
    return app


def get(app: Flask, name: str, **headers: str) -> TestResponse:
    return app.test_client().get(f"/{name}", buffered=True, base_url="http://127.0.0.1:8889", headers=GZIP | headers)


@pytest.mark.parametrize("name", ["json", "etag"])
def test_an_unchanged_answer_is_304_by_the_weak_and_by_the_strong_etag(views: Flask, name: str) -> None:
    first = get(views, name)
    assert first.content_encoding == "gzip"
    weak = first.headers["ETag"]
    assert weak.startswith('W/"')
    for tag in (weak, weak.removeprefix("W/")):
        again = get(views, name, **{"If-None-Match": tag})
        assert (again.status_code, again.data, again.headers["ETag"]) == (304, b"", tag)
        assert again.headers["Vary"] == first.headers["Vary"] == "Accept-Encoding"
    assert get(views, name, **{"If-None-Match": 'W/"other"'}).status_code == 200


def test_a_table_that_is_made_part_by_part_is_compressed_part_by_part(views: Flask) -> None:
    packed = views.test_client().get("/table", base_url="http://127.0.0.1:8889", headers=GZIP)
    assert packed.is_streamed
    assert (packed.content_encoding, packed.headers["Vary"]) == ("gzip", "Accept-Encoding")
    plain = views.test_client().get("/table", base_url="http://127.0.0.1:8889")
    assert plain.content_encoding is None
    assert gzip.decompress(packed.data) == plain.data == b"a line of text\n" * 2000


@pytest.mark.parametrize("name", ["stream", "file", "image", "short", "secret"])
def test_streams_files_images_short_and_secret_answers_are_sent_as_they_are(views: Flask, name: str) -> None:
    answer = get(views, name)
    assert answer.status_code == 200
    assert answer.content_encoding is None


def test_a_part_of_a_file_is_of_the_file_and_not_of_its_compressed_form(views: Flask) -> None:
    answer = get(views, HTMX[1:], Range="bytes=10-29")
    assert (answer.status_code, answer.content_encoding) == (206, None)
    assert answer.data == (TREE / HTMX[1:]).read_bytes()[10:30]


def test_an_answer_that_is_compressed_already_is_not_compressed_again(views: Flask) -> None:
    assert gzip.decompress(get(views, "packed").data).startswith(b"a line of text\n")
