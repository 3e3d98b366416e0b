"""Who has rights without an account."""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import ip_network

from app.core.settings import Settings
from app.gui.settings import GuiSettings
from app.ops.doctor.diagnosis import Diagnosis
from app.security.proxies import LOOPBACK
from app.security.settings import SecuritySettings
from app.security.this_machine import key_file

BY_ADDRESS = "every proxy and tunnel that ends on this machine gives its clients the same rights"


def check(settings: Settings, url: str) -> Iterator[Diagnosis]:
    """Rights that an address alone gives, and the mode of the file that proves to be on this machine."""
    readers = settings.of(SecuritySettings).anonymous_read
    if readers == "loopback":
        yield Diagnosis("warning", f"127.0.0.1 reads without an account: {BY_ADDRESS}", 'Set anonymous_read = "local"')
    else:
        yield Diagnosis("ok", f"anonymous_read is {readers}")
    registering = [network for network in settings.of(GuiSettings).register_networks if _has_loopback(network)]
    if registering:
        remedy = "Remove it from register_networks; programs on this machine send the content of local_key as token"
        yield Diagnosis("warning", f"{', '.join(registering)} registers files without a token: {BY_ADDRESS}", remedy)
    path = key_file(settings)
    if path.exists() and path.stat().st_mode & 0o007:
        yield Diagnosis("error", f"All users of this machine can read {path}, and so register files", f"chmod 600 {path}, or 640")


def _has_loopback(network: str) -> bool:
    ours = ip_network(network)
    return any(ours.version == other.version and ours.overlaps(other) for other in map(ip_network, LOOPBACK))
