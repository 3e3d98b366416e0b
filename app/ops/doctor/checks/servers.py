"""Whether the servers in the settings without TLS can be reached; those with TLS are in the check `certificates`."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from urllib.parse import urlsplit

from app.core.settings import Settings
from app.ops.doctor.addresses import server_addresses
from app.ops.doctor.diagnosis import Diagnosis

CONNECT_S = 5.0


def check(settings: Settings, url: str) -> Iterator[Diagnosis]:
    """Connect to each."""
    for address in sorted(server_addresses(settings, url)):
        parts = urlsplit(address)
        if parts.scheme != "http":
            continue
        try:
            socket.create_connection((str(parts.hostname), parts.port or 80), CONNECT_S).close()
        except OSError as error:
            yield Diagnosis(
                "warning",
                f"{address} cannot be reached: {error}",
                "See whether the server runs, and whether a firewall blocks the connection",
            )
        else:
            yield Diagnosis("ok", f"{address} can be reached")
