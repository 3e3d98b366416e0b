"""Short links to views whose addresses are too long for a mail: the same view always has the same link.

A link that nobody opens for `short_link_days` is deleted. If there are too many, some make room: first those that nobody has
opened since the day on which they were made, so that many new links do not drive out those in use.
"""

from __future__ import annotations

import time
from hashlib import blake2b

from app.core.outages import outages_logged
from app.core.short_writes import delete_rows
from app.gui.addresses import MAX_ADDRESS
from app.gui.errors import InvalidInput
from app.gui.models import ShortLink

LONG_ADDRESS = 2000
"""Length of an address that gets a short link, letters."""

REFUSAL = "This address cannot have a short link"

MAX_LINKS = 100_000
"""Stored links: 800 MB at most."""

ROOM = 1000
"""Links that are deleted at once where there are too many."""

DAY_S = 86400.0
"""Precision of the last use of a link: opening it often writes once a day."""


def store(address: str) -> str:
    """The name of the link to the address of a view, which begins with /browse/. Raises InvalidInput."""
    check_length(address)
    name = blake2b(address.encode(), digest_size=12).hexdigest()
    if address_of(name) is None:
        _make_room()
        now = time.time()
        ShortLink.insert(name=name, address=address, created=now, used=now).on_conflict_ignore().execute()
    return name


def check_length(address: str, refusal: str = REFUSAL) -> None:
    """Raises InvalidInput, with this sentence, for an address that is longer than any that browsers can open."""
    if len(address) > MAX_ADDRESS:
        problem = f"it has {len(address):,} letters; at most {MAX_ADDRESS:,} are possible"
        raise InvalidInput(refusal, [("address", problem)])


def address_of(name: str) -> str | None:
    """The address of the view that a link leads to; None if there is no such link. Stores that it is used."""
    link = ShortLink.get_or_none(ShortLink.name == name)
    if link is None:
        return None
    now = time.time()
    if link.used < now - DAY_S:
        with outages_logged("The use of short links is not stored"):
            ShortLink.update(used=now).where((ShortLink.name == name) & (ShortLink.used < now - DAY_S)).execute()
    return str(link.address)


def delete_unused(days: int) -> int:
    """Delete the links that nobody has used for this number of days, and return how many there were."""
    return delete_rows(ShortLink, ShortLink.used < time.time() - days * DAY_S)


def _make_room() -> None:
    if ShortLink.select().count() < MAX_LINKS:
        return
    was_opened = ShortLink.used > ShortLink.created  # on another day than that on which it was made
    least_used = ShortLink.select(ShortLink.name).order_by(was_opened, ShortLink.used).limit(ROOM)
    ShortLink.delete().where(ShortLink.name.in_(least_used)).execute()
