"""Rate limit, and addresses forwarded by proxies."""

from __future__ import annotations

import threading
from dataclasses import replace
from ipaddress import ip_network

import pytest

from services.mirror import rate_limit
from services.mirror.options import Options
from tests.mirror import samples
from tests.mirror.conftest import MirrorClient

PROXY = "10.1.0.7"


def test_too_many_requests_get_429_with_retry_after(options: Options) -> None:
    mirror = MirrorClient(replace(options, rate=1e-4, burst=5))
    assert [mirror.get("/healthz").status_code for _ in range(7)] == [200] * 5 + [429] * 2
    page = mirror.get("/")
    assert (page.status_code, page.content_type) == (429, "text/html; charset=utf-8")
    assert 9000 < int(page.headers["Retry-After"]) <= 10_001
    assert mirror.get("/api?what=get_info&db=production").json["status"] == 429
    other = mirror.client.get("/healthz", environ_overrides={"REMOTE_ADDR": "192.0.2.9"})
    assert other.status_code == 200


def test_a_bucket_refills(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 1000.0
    monkeypatch.setattr(rate_limit.time, "monotonic", lambda: now)
    bucket = rate_limit.RateLimiter(rate=2, burst=4)
    assert [bucket.wait_s("a") for _ in range(5)] == [0, 0, 0, 0, 0.5]
    now += 0.5
    assert [bucket.wait_s("a") for _ in range(2)] == [0, 0.5]
    now += 1000
    assert [bucket.wait_s("a") for _ in range(5)] == [0, 0, 0, 0, 0.5]
    assert bucket.wait_s("b", 9) == 0
    assert bucket.wait_s("b") == 3.0, "an overdrawn bucket refills first"
    assert rate_limit.RateLimiter(rate=0, burst=1).wait_s("c", 100) == 0


def test_expensive_requests_cost_more_tokens(options: Options) -> None:
    mirror = MirrorClient(replace(options, rate=0.001, burst=10))
    mirror.publish([samples.run_data(run, [samples.client("beam")]) for run in range(1, 601)])
    assert mirror.get("/api?what=get_runs&from=1&to=9999&bad_only=0&ls=0&db=production").status_code == 200
    assert mirror.get("/api?what=get_info&db=production").status_code == 429


def test_unused_buckets_are_dropped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rate_limit, "MAX_ADDRESSES", 3)
    bucket = rate_limit.RateLimiter(rate=0.001, burst=1)
    for address in "abca":
        bucket.wait_s(address)
    assert bucket.wait_s("d") == 0
    assert bucket.wait_s("a") > 0
    assert bucket.wait_s("b") == 0, "the bucket unused for the longest time was dropped"


@pytest.mark.parametrize(
    ("peer", "forwarded", "expected"),
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
def test_only_trusted_proxies_may_forward_an_address(peer: str, forwarded: str, expected: str) -> None:
    environ = {"REMOTE_ADDR": peer, "HTTP_X_FORWARDED_FOR": forwarded}
    assert rate_limit.client_address(environ, [ip_network("10.1.0.0/16")]) == expected
    assert rate_limit.client_address({"REMOTE_ADDR": PROXY, "HTTP_X_FORWARDED_FOR": "203.0.113.9"}, []) == PROXY


def test_threads_never_take_the_same_token() -> None:
    bucket, tokens = rate_limit.RateLimiter(rate=1e-9, burst=1000), list[int]()

    def take() -> None:
        tokens.append(sum(bucket.wait_s("a") == 0 for _ in range(500)))

    threads = [threading.Thread(target=take) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(tokens) == 1000
