"""Which addresses a connection may be made to, when people who do not run this machine choose the server.

Somebody who may enter the address of a server could otherwise reach servers that only this machine can reach. The check is
made of the address that a connection is made to, whatever name or way of writing led to it.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

NAT64 = ipaddress.ip_network("64:ff9b::/96")
"""IPv6 addresses that lead to the IPv4 address in their last 32 bits (RFC 6052)."""

IPV4_COMPATIBLE = ipaddress.ip_network("::/96")
"""IPv6 addresses that had an IPv4 address in their last 32 bits (RFC 4291, deprecated); :: and ::1 are in it, too."""

_networks: ContextVar[tuple[str, ...] | None] = ContextVar("networks", default=None)
"""Networks beside the internet that may be reached; None for no limit."""


@contextmanager
def limited_to_internet(networks: tuple[str, ...] | None) -> Iterator[None]:
    """Inside, connections are made to public addresses and to these networks only; None: to all."""
    token = _networks.set(networks)
    try:
        yield
    finally:
        _networks.reset(token)


def may_reach(address: str) -> bool:
    """Whether a connection to an IP address may be made here."""
    networks = _networks.get()
    return networks is None or is_reachable(address, networks)


def is_reachable(address: str, networks: tuple[str, ...]) -> bool:
    """Whether an IP address is public or in one of the networks."""
    ip = ipaddress.ip_address(address.partition("%")[0])  # without the interface of a link-local address
    inner = _inner(ip)
    if any(each in ipaddress.ip_network(network) for network in networks for each in (ip, inner or ip)):
        return True
    is_local = isinstance(ip, ipaddress.IPv6Address) and ip.is_site_local
    last = inner or ip
    return last.is_global and not last.is_multicast and not is_local


def _inner(ip: ipaddress.IPv4Address | ipaddress.IPv6Address) -> ipaddress.IPv4Address | None:
    """The IPv4 address that an IPv6 address leads to, if any."""
    if isinstance(ip, ipaddress.IPv4Address):
        return None
    has_it = ip in NAT64 or ip in IPV4_COMPATIBLE
    return ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF) if has_it else ip.ipv4_mapped or ip.sixtofour
