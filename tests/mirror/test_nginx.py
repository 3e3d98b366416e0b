"""A mirror behind a real nginx, as docs/operators/mirror.md sets it up."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urljoin

import pytest

from app.core.settings import TREE
from tests.mirror import made
from tests.mirror.running import Running, ask
from tests.support.nginx import nginx
from tests.support.ports import free_port

pytestmark = pytest.mark.slow

PREFIX = "/dqm/dqm-square"


def servers(folder: Path, port: int, mirror: Running, strips: bool) -> str:
    """The example of the documentation on ports of the tests; strips: whether nginx takes the prefix away."""
    (example,) = re.findall(r"```nginx\n(.*?)```", (TREE / "docs/operators/mirror.md").read_text(), re.S)
    own = example.replace("listen 8443;", f"listen 127.0.0.1:{port};").replace("/var/cache/nginx/mirror", f"{folder}/cache")
    own = own.replace("http://127.0.0.1:8084;", f"http://127.0.0.1:{mirror.port};")
    if strips:
        own = own.replace(f"proxy_pass http://127.0.0.1:{mirror.port};", f"proxy_pass http://127.0.0.1:{mirror.port}/;", 1)
        own = own.replace(f"proxy_pass http://127.0.0.1:{mirror.port};", f"proxy_pass http://127.0.0.1:{mirror.port}/snapshots;", 1)
    return own


@pytest.mark.parametrize("strips", [False, True], ids=["the prefix passed on", "the prefix taken away"])
def test_behind_nginx_under_a_prefix_every_link_and_the_feed_lead_where_they_should(
    start: Callable[..., Running], tmp_path: Path, strips: bool
) -> None:
    mirror = start(prefix=PREFIX, trusted_proxies="127.0.0.1/32")
    port = free_port()
    with nginx(tmp_path / "nginx", port, servers(tmp_path / "nginx", port, mirror, strips)):
        site = f"http://127.0.0.1:{port}"
        posted = ask(f"{site}{PREFIX}/snapshots", made.snapshot([*made.a_run(7, [made.job("beam")]), made.data("events", "production", 0, "data", [
            {"id": "a", "at": 1663242343, "kind": "crash", "run": 7, "title": "a crash", "text": ""},
        ])]))  # fmt: skip
        assert (posted.status, posted.json["have"]) == (200, 1)
        todo, seen = [f"{site}{PREFIX}/", f"{site}{PREFIX}/timeline/", f"{site}{PREFIX}/runs/7"], set[str]()
        while todo:
            address = todo.pop()
            seen.add(address)
            answer = ask(address)
            assert answer.status == 200, address
            if answer.headers["Content-Type"].startswith("text/html"):
                text = answer.body.decode()
                (base,) = re.findall(r'<base href="([^"]*)">', text)
                text = text.replace(f'<base href="{base}">', "")
                found = {urljoin(urljoin(address, base), link).partition("#")[0] for link in re.findall(r'(?:href|src)="([^"]*)"', text)}
                assert all(link.startswith(f"{site}{PREFIX}/") for link in found), found
                todo += found - seen - set(todo)
        assert f"{site}{PREFIX}/static/mirror.css" in {address.partition("?")[0] for address in seen}
        assert ask(f"{site}{PREFIX}/live?since=").body.startswith(b"<h1>Run 7</h1>")
        feed = ask(f"{site}{PREFIX}/feed.xml").body.decode()
        assert f'href="{site}{PREFIX}/runs/7"' in feed
        assert ask(site + PREFIX + "/runs/8").status == 404
        moved = ask(f"{mirror.url}{PREFIX}/healthz")
        assert moved.status == 200


def test_nginx_answers_the_same_poll_of_many_browsers_once_a_second(start: Callable[..., Running], tmp_path: Path) -> None:
    mirror = start(prefix=PREFIX, trusted_proxies="127.0.0.1/32", rate=1, burst=40)
    port = free_port()
    with nginx(tmp_path / "nginx", port, servers(tmp_path / "nginx", port, mirror, False)):
        mirror.post(made.snapshot(made.a_run(7, [made.job("beam")])))
        url = f"http://127.0.0.1:{port}{PREFIX}"
        tag = ask(f"{url}/live").headers["Data-Tag"]
        found = [ask(f"{url}/live?since={tag}") for _ in range(200)]
        assert {answer.status for answer in found} == {204}, "the mirror itself would have said 429"
        assert {answer.headers["Data-At"] for answer in found} == {found[0].headers["Data-At"]}
        assert len(ask(f"{url}/charts/7/delivery.svg", Accept_Encoding="gzip").body) > 0


@pytest.mark.parametrize("passes_lies_on", [False, True])
def test_nobody_who_lies_about_the_host_gives_others_links_to_elsewhere(
    start: Callable[..., Running], tmp_path: Path, passes_lies_on: bool
) -> None:
    mirror = start(prefix=PREFIX, trusted_proxies="127.0.0.1/32")
    port = free_port()
    config = servers(tmp_path / "nginx", port, mirror, False)
    if passes_lies_on:
        config = config.replace("proxy_set_header X-Forwarded-Host $http_host;", "")
    with nginx(tmp_path / "nginx", port, config):
        feed = f"http://127.0.0.1:{port}{PREFIX}/feed.xml"
        for lie in ({"X_Forwarded_Host": "evil.example"}, {"Host": "evil.example"}, {"X_Forwarded_Proto": "https"}):
            ask(feed, **lie)
            found = ask(feed).body.decode()
            assert f'href="http://127.0.0.1:{port}{PREFIX}/feed.xml' in found
            assert "evil" not in found


def test_only_the_hub_may_send_through_nginx(start: Callable[..., Running], tmp_path: Path) -> None:
    mirror = start(prefix=PREFIX)
    port = free_port()
    closed = servers(tmp_path / "nginx", port, mirror, False).replace("allow 127.0.0.1;", "allow 192.0.2.1;")
    with nginx(tmp_path / "nginx", port, closed):
        assert ask(f"http://127.0.0.1:{port}{PREFIX}/snapshots", made.snapshot([])).status == 403
        assert ask(f"http://127.0.0.1:{port}{PREFIX}/").status == 200
