"""The origin of requests behind trusted and unknown proxies."""

from __future__ import annotations

import re
from typing import Any

import pytest

from app.core.settings import TREE, Settings
from app.security.proxies import CLIENT, ProxyMiddleware, host_name, is_inside


def settled(settings: Settings, peer: str, host: str = "127.0.0.1:8889", path: str = "/", **headers: str) -> dict[str, Any]:
    """What the application sees of a request of this peer with these headers."""
    environ: dict[str, Any] = {"REMOTE_ADDR": peer, "HTTP_HOST": host, "PATH_INFO": path, "SCRIPT_NAME": "", "wsgi.url_scheme": "http"}
    environ.update({f"HTTP_{name.upper()}": value for name, value in headers.items()})
    seen: dict[str, Any] = {}
    ProxyMiddleware(lambda environ, _: seen.update(environ) or [], settings)(environ, lambda *_: None)
    return seen


PLAIN = Settings()
BEHIND = Settings(trusted_proxies=("10.0.0.0/8", "127.0.0.1/32"), url_prefix="")


def test_without_a_proxy_the_client_is_the_peer() -> None:
    assert settled(PLAIN, "127.0.0.1")[CLIENT] == "127.0.0.1"
    assert settled(PLAIN, "192.0.2.7", "hub.cern.ch")[CLIENT] == "192.0.2.7"


@pytest.mark.parametrize("name", ["x_forwarded_for", "forwarded", "x_real_ip", "via", "x_forwarded_host", "x_forwarded_proto"])
def test_requests_through_an_unknown_proxy_have_an_unknown_address(name: str) -> None:
    seen = settled(PLAIN, "127.0.0.1", **{name: "127.0.0.1"})
    assert seen[CLIENT] == ""
    assert seen["REMOTE_ADDR"] == "127.0.0.1"
    assert f"HTTP_{name.upper()}" not in seen


def test_a_silent_proxy_on_this_machine_is_detected_by_the_host_name() -> None:
    assert settled(PLAIN, "127.0.0.1", "hub.cern.ch")[CLIENT] == ""
    assert settled(PLAIN, "127.0.0.1", "LOCALHOST:8889")[CLIENT] == "127.0.0.1"


@pytest.mark.parametrize(
    ("chain", "client"),
    [
        ("203.0.113.5", "203.0.113.5"),
        ("127.0.0.1, 203.0.113.5", "203.0.113.5"),  # the client lied, the proxy added the truth
        ("1.1.1.1, 203.0.113.5, 10.1.2.3, 10.9.9.9", "203.0.113.5"),
        ("2001:db8::7", "2001:db8::7"),
        ("127.0.0.1", ""),  # the proxy's own machine, or a lie: never this machine
        ("127.0.0.5", ""),
        ("::ffff:127.0.0.9", ""),
        ("", ""),
        ("unknown", ""),
        ("203.0.113.5:1234", ""),
        ("203.0.113.5, evil", ""),
    ],
)
def test_the_client_is_the_last_address_that_is_not_a_trusted_proxy(chain: str, client: str) -> None:
    assert settled(BEHIND, "10.0.0.1", x_forwarded_for=chain)[CLIENT] == client


def test_a_trusted_proxy_sets_scheme_and_host() -> None:
    headers = {
        "x_forwarded_for": "203.0.113.5",
        "x_forwarded_proto": "https",
        "x_forwarded_host": "hub.cern.ch",
    }
    seen = settled(BEHIND, "10.0.0.1", "inner:80", **headers)
    assert (seen["wsgi.url_scheme"], seen["HTTP_HOST"]) == ("https", "hub.cern.ch")
    seen = settled(BEHIND, "192.0.2.7", "inner:80", **headers)
    assert (seen["wsgi.url_scheme"], seen["HTTP_HOST"]) == ("http", "inner:80")


def test_a_client_behind_a_trusted_proxy_chooses_neither_the_prefix_nor_the_request_id() -> None:
    headers = {"x_forwarded_for": "203.0.113.5", "x_forwarded_prefix": "/x", "x_request_id": "forged_by_client"}
    seen = settled(BEHIND, "10.0.0.1", path="/x/control", **headers)
    assert (seen["SCRIPT_NAME"], seen["PATH_INFO"]) == ("", "/x/control")
    assert "HTTP_X_REQUEST_ID" not in seen
    chosen = BEHIND.replace(proxy_request_ids=True)
    assert settled(chosen, "10.0.0.1", **headers)["HTTP_X_REQUEST_ID"] == "forged_by_client"
    assert "HTTP_X_REQUEST_ID" not in settled(chosen, "192.0.2.7", **headers)


def test_all_documented_proxies_pass_on_the_same_headers() -> None:
    """Of their clients neither host nor id; those that identify users have further headers."""
    headers = {}
    for page in ("accounts", "proxy", "production", "scaling"):
        text = (TREE / f"docs/operators/{page}.md").read_text(encoding="utf-8")
        blocks = [block for block in re.findall(r"location / \{.*?\n *\}", text, re.S) if "8889" in block or "//dqmhub;" in block]
        assert blocks, page
        headers |= {(page, number): set(re.findall(r"proxy_set_header (.*);", block)) for number, block in enumerate(blocks)}
    usual = headers["accounts", 0]
    assert {'X-Forwarded-Host  ""', "X-Request-ID      $request_id"} < usual
    assert [place for place, names in headers.items() if not usual <= names] == []


def test_the_outermost_trusted_proxy_sets_the_host() -> None:
    headers = {"x_forwarded_for": "203.0.113.5, 10.1.2.3", "x_forwarded_host": "lie.example, hub.cern.ch, inner.cern.ch"}
    assert settled(BEHIND, "10.0.0.1", "x", **headers)["HTTP_HOST"] == "hub.cern.ch"


@pytest.mark.parametrize(
    ("path", "left"), [("/dqm/hub/a//b", "/a//b"), ("/dqm/hub", "/"), ("/dqm/hub/", "/"), ("/dqm/hubble", "/dqm/hubble"), ("/a", "/a")]
)
def test_the_prefix_is_removed_whether_or_not_the_proxy_did(path: str, left: str) -> None:
    seen = settled(Settings(url_prefix="/dqm/hub"), "127.0.0.1", path=path)
    assert (seen["SCRIPT_NAME"], seen["PATH_INFO"]) == ("/dqm/hub", left)


def test_networks_contain_ipv4_addresses_written_as_ipv6() -> None:
    assert is_inside("::ffff:127.0.0.1", ("127.0.0.0/8",))
    assert is_inside("::1", ("127.0.0.0/8", "::1/128"))
    assert not is_inside("", ("0.0.0.0/0",))
    assert not is_inside("not an address", ("0.0.0.0/0", "::/0"))


def test_the_name_in_a_host_header() -> None:
    assert [host_name(host) for host in ("Hub.CERN.ch:8889", "hub.cern.ch", "[::1]:80", "[::1]", "")] == [
        "hub.cern.ch",
        "hub.cern.ch",
        "[::1]",
        "[::1]",
        "",
    ]
