"""A mirror behind a real nginx with the configuration in docs/operators/mirror.md."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urljoin

import pytest

from app.core.settings import TREE
from tests.mirror import samples
from tests.mirror.process import MirrorProcess, fetch
from tests.support.nginx import nginx
from tests.support.ports import free_port

pytestmark = pytest.mark.slow

PREFIX = "/dqm/dqm-square"


def servers(folder: Path, port: int, mirror: MirrorProcess, strips_prefix: bool) -> str:
    """The configuration in the documentation with ports of the test; strips_prefix: nginx removes the prefix."""
    (example,) = re.findall(r"```nginx\n(.*?)```", (TREE / "docs/operators/mirror.md").read_text(), re.S)
    own = example.replace("listen 8443;", f"listen 127.0.0.1:{port};").replace("/var/cache/nginx/mirror", f"{folder}/cache")
    own = own.replace("http://127.0.0.1:8084;", f"http://127.0.0.1:{mirror.port};")
    if strips_prefix:
        own = own.replace(f"proxy_pass http://127.0.0.1:{mirror.port};", f"proxy_pass http://127.0.0.1:{mirror.port}/;", 1)
        own = own.replace(f"proxy_pass http://127.0.0.1:{mirror.port};", f"proxy_pass http://127.0.0.1:{mirror.port}/snapshots;", 1)
    return own


@pytest.mark.parametrize("strips_prefix", [False, True], ids=["prefix passed on", "prefix removed"])
def test_links_and_feed_name_the_prefix(start: Callable[..., MirrorProcess], tmp_path: Path, strips_prefix: bool) -> None:
    mirror = start(prefix=PREFIX, trusted_proxies="127.0.0.1/32")
    port = free_port()
    with nginx(tmp_path / "nginx", port, servers(tmp_path / "nginx", port, mirror, strips_prefix)):
        site = f"http://127.0.0.1:{port}"
        posted = fetch(
            f"{site}{PREFIX}/snapshots",
            samples.snapshot(
                [
                    *samples.run_items(7, [samples.client("beam")]),
                    samples.json_item(
                        "events",
                        "production",
                        0,
                        "data",
                        [
                            {"id": "a", "at": 1663242343, "kind": "crash", "run": 7, "title": "a crash", "text": ""},
                        ],
                    ),
                ]
            ),
        )
        assert (posted.status, posted.json["have"]) == (200, 1)
        todo, seen = [f"{site}{PREFIX}/", f"{site}{PREFIX}/timeline/", f"{site}{PREFIX}/runs/7"], set[str]()
        while todo:
            address = todo.pop()
            seen.add(address)
            answer = fetch(address)
            assert answer.status == 200, address
            if answer.headers["Content-Type"].startswith("text/html"):
                text = answer.body.decode()
                (base,) = re.findall(r'<base href="([^"]*)">', text)
                text = text.replace(f'<base href="{base}">', "")
                found = {urljoin(urljoin(address, base), link).partition("#")[0] for link in re.findall(r'(?:href|src)="([^"]*)"', text)}
                assert all(link.startswith(f"{site}{PREFIX}/") for link in found), found
                todo += found - seen - set(todo)
        assert f"{site}{PREFIX}/static/mirror.css" in {address.partition("?")[0] for address in seen}
        assert fetch(f"{site}{PREFIX}/live?since=").body.startswith(b"<h1>Run 7</h1>")
        feed = fetch(f"{site}{PREFIX}/feed.xml").body.decode()
        assert f'href="{site}{PREFIX}/runs/7"' in feed
        assert fetch(site + PREFIX + "/runs/8").status == 404
        moved = fetch(f"{mirror.url}{PREFIX}/healthz")
        assert moved.status == 200


def test_nginx_passes_a_common_poll_on_once_per_second(start: Callable[..., MirrorProcess], tmp_path: Path) -> None:
    mirror = start(prefix=PREFIX, trusted_proxies="127.0.0.1/32", rate=1, burst=40)
    port = free_port()
    with nginx(tmp_path / "nginx", port, servers(tmp_path / "nginx", port, mirror, False)):
        mirror.post(samples.snapshot(samples.run_items(7, [samples.client("beam")])))
        url = f"http://127.0.0.1:{port}{PREFIX}"
        tag = fetch(f"{url}/live").headers["Data-Tag"]
        found = [fetch(f"{url}/live?since={tag}") for _ in range(200)]
        assert {answer.status for answer in found} == {204}, "the mirror alone would have answered 429"
        assert {answer.headers["Data-At"] for answer in found} == {found[0].headers["Data-At"]}
        assert len(fetch(f"{url}/charts/7/delivery.svg", Accept_Encoding="gzip").body) > 0


@pytest.mark.parametrize("forwards_forged_host", [False, True])
def test_a_forged_host_does_not_reach_the_cached_feed(
    start: Callable[..., MirrorProcess], tmp_path: Path, forwards_forged_host: bool
) -> None:
    mirror = start(prefix=PREFIX, trusted_proxies="127.0.0.1/32")
    port = free_port()
    config = servers(tmp_path / "nginx", port, mirror, False)
    if forwards_forged_host:
        config = config.replace("proxy_set_header X-Forwarded-Host $http_host;", "")
    with nginx(tmp_path / "nginx", port, config):
        feed = f"http://127.0.0.1:{port}{PREFIX}/feed.xml"
        for headers in ({"X_Forwarded_Host": "evil.example"}, {"Host": "evil.example"}, {"X_Forwarded_Proto": "https"}):
            fetch(feed, **headers)
            found = fetch(feed).body.decode()
            assert f'href="http://127.0.0.1:{port}{PREFIX}/feed.xml' in found
            assert "evil" not in found


def test_nginx_accepts_uploads_from_the_hub_only(start: Callable[..., MirrorProcess], tmp_path: Path) -> None:
    mirror = start(prefix=PREFIX)
    port = free_port()
    closed = servers(tmp_path / "nginx", port, mirror, False).replace("allow 127.0.0.1;", "allow 192.0.2.1;")
    with nginx(tmp_path / "nginx", port, closed):
        assert fetch(f"http://127.0.0.1:{port}{PREFIX}/snapshots", samples.snapshot([])).status == 403
        assert fetch(f"http://127.0.0.1:{port}{PREFIX}/").status == 200
