"""How many requests an address may send: a bucket of tokens for each, which fills again at a steady rate."""

from __future__ import annotations

import ipaddress
import threading
import time
from collections import OrderedDict
from collections.abc import Iterable, Mapping

MOST_ADDRESSES = 20_000
"""Of these the buckets are kept; that of an address which was not seen for longest is forgotten first, and is full again."""

Network = ipaddress.IPv4Network | ipaddress.IPv6Network


class Limiter:
    """rate: tokens per second, 0: without limit; burst: what a bucket holds."""

    def __init__(self, rate: float, burst: float) -> None:
        self.rate = rate
        self.burst = burst
        self._buckets: OrderedDict[str, tuple[float, float]] = OrderedDict()
        self._lock = threading.Lock()

    def wait_s(self, address: str, cost: float = 1.0) -> float:
        """Take tokens; 0, or after how many seconds there will be one. A bucket may get below 0 by what costs more than one."""
        if not self.rate:
            return 0.0
        now = time.monotonic()
        with self._lock:
            tokens, at = self._buckets.get(address, (self.burst, now))
            tokens = min(self.burst, tokens + (now - at) * self.rate)
            short = max(0.0, 1.0 - tokens)
            self._buckets[address] = (tokens if short else tokens - cost, now)
            self._buckets.move_to_end(address)
            if len(self._buckets) > MOST_ADDRESSES:
                self._buckets.popitem(last=False)
        return short / self.rate

    def charge(self, address: str, cost: float) -> None:
        """Take tokens that need not be there: what was done is paid for before anything else is."""
        with self._lock:
            tokens, at = self._buckets.get(address, (self.burst, time.monotonic()))
            self._buckets[address] = (tokens - cost, at)


def client_address(environ: Mapping[str, str], trusted: Iterable[Network]) -> str:
    """Who asks: the peer, or whom the trusted proxies name; of IPv6 the network of 64 bits, which is one customer's."""
    networks = list(trusted)
    named = [name.strip() for name in environ.get("HTTP_X_FORWARDED_FOR", "").split(",") if name.strip()]
    address = environ.get("REMOTE_ADDR", "")
    while named and is_in(address, networks):
        address = named.pop()
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return "unknown"
    if isinstance(found, ipaddress.IPv4Address):
        return str(found)
    return str(found.ipv4_mapped or ipaddress.ip_network((found, 64), strict=False))


def is_in(address: str, networks: Iterable[Network]) -> bool:
    """Whether an address is of one of the networks."""
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return False
    return any(found in network for network in networks)
