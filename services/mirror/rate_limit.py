"""Rate limit per client address: token buckets that refill at a steady rate."""

from __future__ import annotations

import ipaddress
import threading
import time
from collections import OrderedDict
from collections.abc import Iterable, Mapping

MAX_ADDRESSES = 20_000
"""Buckets in memory. The bucket unused for the longest time is dropped first, which fills it."""

Network = ipaddress.IPv4Network | ipaddress.IPv6Network


class RateLimiter:
    """Token buckets by address.

    Attributes:
        rate: tokens per second and address; 0: no limit.
        burst: capacity of a bucket.
    """

    def __init__(self, rate: float, burst: float) -> None:
        self.rate = rate
        self.burst = burst
        self._buckets: OrderedDict[str, tuple[float, float]] = OrderedDict()
        self._lock = threading.Lock()

    def wait_s(self, address: str, cost: float = 1.0) -> float:
        """Take `cost` tokens if there is at least one; otherwise take none and return the seconds until there is one.

        A request that costs more than the bucket holds overdraws it.
        """
        if not self.rate:
            return 0.0
        now = time.monotonic()
        with self._lock:
            tokens, at = self._buckets.get(address, (self.burst, now))
            tokens = min(self.burst, tokens + (now - at) * self.rate)
            shortage = max(0.0, 1.0 - tokens)
            self._buckets[address] = (tokens if shortage else tokens - cost, now)
            self._buckets.move_to_end(address)
            if len(self._buckets) > MAX_ADDRESSES:
                self._buckets.popitem(last=False)
        return shortage / self.rate

    def charge(self, address: str, cost: float) -> None:
        """Take tokens for work that is done already, even if this overdraws the bucket."""
        with self._lock:
            tokens, at = self._buckets.get(address, (self.burst, time.monotonic()))
            self._buckets[address] = (tokens - cost, at)


def client_address(environ: Mapping[str, str], trusted: Iterable[Network]) -> str:
    """Address of the client: the peer, or the address that trusted proxies forward.

    An IPv6 client is represented by its /64 network, which belongs to one customer. "unknown" when there is no valid address.
    """
    networks = list(trusted)
    forwarded = [name.strip() for name in environ.get("HTTP_X_FORWARDED_FOR", "").split(",") if name.strip()]
    address = environ.get("REMOTE_ADDR", "")
    while forwarded and is_in(address, networks):
        address = forwarded.pop()
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return "unknown"
    if isinstance(parsed, ipaddress.IPv4Address):
        return str(parsed)
    return str(parsed.ipv4_mapped or ipaddress.ip_network((parsed, 64), strict=False))


def is_in(address: str, networks: Iterable[Network]) -> bool:
    """Whether an address belongs to one of the networks."""
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return False
    return any(parsed in network for network in networks)
