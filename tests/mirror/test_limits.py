"""How much one address may ask, and who is believed about addresses."""

from __future__ import annotations

import threading
from dataclasses import replace
from ipaddress import ip_network

import pytest

from services.mirror import rate_limit
from services.mirror.options import Options
from tests.mirror import made
from tests.mirror.conftest import Mirror

PROXY = "10.1.0.7"


def test_an_address_that_asks_too_much_is_told_when_to_come_back(options: Options) -> None:
    mirror = Mirror(replace(options, rate=0.01, burst=5))
    assert [mirror.get("/healthz").status_code for _ in range(7)] == [200] * 5 + [429] * 2
    page = mirror.get("/")
    assert (page.status_code, page.content_type) == (429, "text/html; charset=utf-8")
    assert 90 < int(page.headers["Retry-After"]) <= 101
    assert mirror.get("/api?what=get_info").json["status"] == 429
    other = mirror.client.get("/healthz", environ_overrides={"REMOTE_ADDR": "192.0.2.9"})
    assert other.status_code == 200


def test_a_bucket_fills_again(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 1000.0
    monkeypatch.setattr(rate_limit.time, "monotonic", lambda: now)
    bucket = rate_limit.RateLimiter(rate=2, burst=4)
    assert [bucket.wait_s("a") for _ in range(5)] == [0, 0, 0, 0, 0.5]
    now += 0.5
    assert [bucket.wait_s("a") for _ in range(2)] == [0, 0.5]
    now += 1000
    assert [bucket.wait_s("a") for _ in range(5)] == [0, 0, 0, 0, 0.5]
    assert bucket.wait_s("b", 9) == 0
    assert bucket.wait_s("b") == 3.0, "what cost more than there was is paid for later"
    assert rate_limit.RateLimiter(rate=0, burst=1).wait_s("c", 100) == 0


def test_what_takes_much_work_costs_more(options: Options) -> None:
    mirror = Mirror(replace(options, rate=0.001, burst=10))
    mirror.publish([made.run_data(run, [made.job("beam")]) for run in range(1, 601)])
    assert mirror.get("/api?what=get_runs&from=1&to=9999").status_code == 200
    assert mirror.get("/api?what=get_info").status_code == 429


def test_addresses_that_are_seen_no_more_are_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rate_limit, "MAX_ADDRESSES", 3)
    bucket = rate_limit.RateLimiter(rate=0.001, burst=1)
    for address in "abca":
        bucket.wait_s(address)
    assert bucket.wait_s("d") == 0
    assert bucket.wait_s("a") > 0
    assert bucket.wait_s("b") == 0, "it was longest ago"


@pytest.mark.parametrize(
    ("peer", "forwarded", "found"),
    [
        ("192.0.2.1", "", "192.0.2.1"),
        ("192.0.2.1", "203.0.113.9", "192.0.2.1"),
        (PROXY, "203.0.113.9", "203.0.113.9"),
        (PROXY, "198.51.100.1, 203.0.113.9", "203.0.113.9"),
        (PROXY, "203.0.113.9, 10.1.0.8", "203.0.113.9"),
        (PROXY, "", PROXY),
        (PROXY, "junk", "unknown"),
        (PROXY, "::ffff:203.0.113.9", "203.0.113.9"),
        ("2001:db8:1:2:3::4", "", "2001:db8:1:2::/64"),
        ("", "", "unknown"),
    ],
)
def test_only_trusted_proxies_are_believed_about_who_asks(peer: str, forwarded: str, found: str) -> None:
    environ = {"REMOTE_ADDR": peer, "HTTP_X_FORWARDED_FOR": forwarded}
    assert rate_limit.client_address(environ, [ip_network("10.1.0.0/16")]) == found
    assert rate_limit.client_address({"REMOTE_ADDR": PROXY, "HTTP_X_FORWARDED_FOR": "203.0.113.9"}, []) == PROXY


def test_no_token_is_given_twice() -> None:
    bucket, given = rate_limit.RateLimiter(rate=1e-9, burst=1000), list[int]()

    def take() -> None:
        given.append(sum(bucket.wait_s("a") == 0 for _ in range(500)))

    threads = [threading.Thread(target=take) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(given) == 1000
