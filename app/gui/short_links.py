"""Short links to views whose addresses are too long for a mail: the same view always has the same link."""

from __future__ import annotations

import time
from hashlib import blake2b

from app.gui.errors import InvalidInput, TooManyLinks
from app.gui.models import ShortLink

LONG_ADDRESS = 2000
"""Length of an address that gets a short link, letters."""

MAX_ADDRESS = 8000
"""Length of an address that a link may have; browsers cannot open longer ones on this server."""

MAX_LINKS = 100_000
"""Stored links: 800 MB at most."""


def store(address: str) -> str:
    """The name of the link to the address of a view, which begins with /browse/. Raises InvalidInput and TooManyLinks."""
    check_length(address)
    name = blake2b(address.encode(), digest_size=12).hexdigest()
    if ShortLink.get_or_none(ShortLink.name == name) is None:
        if ShortLink.select().count() >= MAX_LINKS:
            raise TooManyLinks(f"There are {MAX_LINKS} short links already; the long address works as well")
        ShortLink.insert(name=name, address=address, created=time.time()).on_conflict_ignore().execute()
    return name


def check_length(address: str) -> None:
    """Raises InvalidInput for an address that is too long for a link."""
    if len(address) > MAX_ADDRESS:
        problem = f"it has {len(address):,} letters; at most {MAX_ADDRESS:,} are possible"
        raise InvalidInput("This address cannot have a short link", [("address", problem)])


def address_of(name: str) -> str | None:
    """The address of the view that a link leads to; None if there is no such link."""
    link = ShortLink.get_or_none(ShortLink.name == name)
    return str(link.address) if link else None
