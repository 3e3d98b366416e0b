"""Scripts and styles: every page gets those of static/web as two files, at addresses that change with the content."""

from __future__ import annotations

import re

from flask.testing import FlaskClient

from app.core.settings import TREE
from app.web.assets import BUNDLES

ALONE = {"web/theme.js"}
"""Runs before the page is drawn, so it is no part of the deferred bundle."""


def test_every_shared_script_and_style_is_in_a_bundle() -> None:
    files = {f"web/{path.name}" for path in (TREE / "static" / "web").iterdir() if path.suffix in (".js", ".css")}
    assert files == {name for names in BUNDLES.values() for name in names if name.startswith("web/")} | ALONE


def test_a_bundle_has_its_files_in_order_and_is_cached_for_a_year(client: FlaskClient) -> None:
    addresses = re.findall(r'"(/bundles/[^"]+)"', client.get("/help").text)
    assert [address.partition("?")[0] for address in addresses] == ["/bundles/web.css", "/bundles/web.js"]
    for address in addresses:
        answer = client.get(address)
        files = [(TREE / "static" / name).read_bytes() for name in BUNDLES[address.partition("?")[0].removeprefix("/bundles/")]]
        places = [answer.data.find(content) for content in files]
        assert answer.status_code == 200
        assert -1 not in places
        assert places == sorted(places)
        assert answer.cache_control.max_age == 365 * 24 * 3600


def test_an_unknown_bundle_is_404_and_names_the_existing_ones(client: FlaskClient) -> None:
    answer = client.get("/bundles/other.css")
    assert answer.status_code == 404
    assert "web.css, web.js" in answer.text
