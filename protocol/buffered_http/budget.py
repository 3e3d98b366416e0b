"""Bytes that all connections of a process may hold together, and the sender of each connection."""

from __future__ import annotations

import ipaddress
import threading
from typing import Any


class Budget:
    """Counts bytes that are held. Safe to use from several threads."""

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self.held = 0
        self._lock = threading.Lock()

    @property
    def is_exceeded(self) -> bool:
        """Whether more than the limit is held, so that a connection must be closed."""
        return self.held > self.limit

    def add(self, count: int) -> None:
        """Hold this many bytes more, or fewer."""
        with self._lock:
            self.held += count


def network_of(client: Any) -> str:
    """The sender of a connection: its IPv4 address, or its IPv6 network of 64 bits, which one sender can use alone; "" for UNIX sockets."""
    if not isinstance(client, tuple):
        return ""
    address = str(client[0])
    if ":" not in address:
        return address
    number = ipaddress.IPv6Address(address)
    return str(number.ipv4_mapped or int(number) >> 64)
