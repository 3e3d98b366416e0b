"""Parts of the output: texts and secrets; and the interface of functions that replace the match of a rule."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable

from app.publish.sanitize.pseudonyms import Secret

Part = Secret | str
"""A part of the output: a secret, written as its pseudonym, or an unchanged text."""

Parts = tuple[Part, ...]


class Unread(str):
    """A text in the output to which all rules are still applied."""

    __slots__ = ()


class Ahead(str):
    """A text at the end of a match that the rule looked at but leaves to other rules."""

    __slots__ = ()


ReadRest = Callable[[str], Parts]
"""Redacts only hosts and keys in a text."""

Replace = Callable[[str, ReadRest], Parts | None]
"""Returns the output for a text that matches a rule; None if the text is harmless."""

DROPPED = "(dropped)"
"""Output for values without a pseudonym."""

_PSEUDONYM = re.compile(r"(?:host|path|user|client|e-mail|address|token|key)-\d+", re.ASCII)
_DOMAINS = (".cms", ".cern.ch", ".cern")


def is_pseudonym(text: str) -> bool:
    """Whether a text is output of the sanitiser."""
    return bool(_PSEUDONYM.fullmatch(text)) or text == DROPPED


def name_secret(name: str) -> Secret:
    """The secret of a host, independent of its domain and of upper and lower case."""
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
