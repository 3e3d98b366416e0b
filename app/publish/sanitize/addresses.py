"""Addresses: those that every machine has, such as 127.0.0.1, tell nothing and are published."""

from __future__ import annotations

import ipaddress
import re

from app.publish.sanitize.parts import Parts, ReadRest
from app.publish.sanitize.pseudonyms import Secret

_METADATA = ipaddress.ip_address("169.254.169.254")
_LOCAL_NAMES = {"localhost", "localhost.localdomain", "localhost4", "localhost6", "ip6-localhost", "ip6-loopback"}
_DIGITS_OF_NO_DEVICE = ({"0"}, {"f"})


def is_silent(name: str) -> bool:
    """Whether a name or an address is the same on every machine: the own host, no host, all hosts, or a mask of a network."""
    if name.lower() in _LOCAL_NAMES:
        return True
    try:
        address = ipaddress.ip_address(name.strip("[]"))
    except ValueError:
        return False
    is_shared = address.is_loopback or address.is_unspecified or address.is_multicast or address == _METADATA
    return is_shared or (address.version == 4 and _is_mask(int(address)))


def _is_mask(address: int) -> bool:
    """Whether the bits of an IPv4 address are ones and then zeros; at least the first 8 are ones."""
    inverted = address ^ 0xFFFFFFFF
    return inverted < 1 << 24 and inverted & (inverted + 1) == 0


def replace_ipv4(text: str, read_rest: ReadRest) -> Parts | None:
    """An IPv4 address."""
    is_version = any(int(number) > 255 for number in re.findall(r"\d+", text)) and "." in text
    return None if is_version or is_silent(text) else (Secret("address", text),)


def replace_ipv6(text: str, read_rest: ReadRest) -> Parts | None:
    """An IPv6 address. Times and C++ names have a similar form; without a digit it is not an address."""
    address = text.rstrip(":.") if not text.endswith("::") else text
    try:
        known = ipaddress.IPv6Address(address)
    except ValueError:
        return None
    if not any(map(str.isdigit, address)) or is_silent(str(known)):
        return None
    return Secret("address", str(known)), text[len(address) :]


def replace_mac(text: str, read_rest: ReadRest) -> Parts | None:
    """The address of a network device, or a fingerprint of that form."""
    return None if set(re.sub(r"\W", "", text.lower())) in _DIGITS_OF_NO_DEVICE else (Secret("address", text),)
