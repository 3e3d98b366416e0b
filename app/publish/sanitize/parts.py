"""What stands in the output: texts and secrets; and the interface of functions that replace what a rule has found."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable

from app.publish.sanitize.pseudonyms import Secret

Part = Secret | str
"""A piece of the output: a secret, for which a pseudonym is written, or a text as it is."""

Parts = tuple[Part, ...]

ReadRest = Callable[[str], Parts]
"""Reads a text that is kept, except for hosts and keys in it."""

Replace = Callable[[str, ReadRest], Parts | None]
"""Makes the output for a text that a rule has found; None: the text is harmless."""

DROPPED = "(dropped)"
"""Output for values that get no pseudonym."""

_PSEUDONYM = re.compile(r"(?:host|path|user|e-mail|address|token|key)-\d+", re.ASCII)
_DOMAINS = (".cms", ".cern.ch", ".cern")


def is_pseudonym(text: str) -> bool:
    """Whether a text is output of the sanitiser."""
    return bool(_PSEUDONYM.fullmatch(text)) or text == DROPPED


def name_secret(name: str) -> Secret:
    """The secret of a host; its name with and without the domain, and in any case of letters, gives the same one."""
    name = name.lower().strip("._")
    for domain in _DOMAINS:
        name = name.removesuffix(domain)
    return Secret("host", name.replace("_", "-"))


def host_secret(host: str) -> Secret:
    """The secret of a host by its name or its address."""
    try:
        return Secret("address", str(ipaddress.ip_address(host.strip("[]"))))
    except ValueError:
        return name_secret(host)


def user_secret(value: str) -> Secret:
    """The secret of a user, also of `1042(smith)`."""
    return Secret("user", value.rpartition("(")[2].rstrip(")").lower())
