"""Browsers on this machine, which read without an account after the link that `dqmhub local-link` prints.

A link and the session that it starts are one row: opening the link gives the row a new identifier, so a link works once.
"""

from __future__ import annotations

import time
from secrets import token_urlsafe

from app.core.database import proxy
from app.security.audit_log import audit
from app.security.models import LocalBrowser
from app.security.optional_write import optional_write
from app.security.sessions import LAST_USE_S, Lengths
from app.security.tokens import digest

LINK_S = 600
"""Time in which a link can be opened, s."""


def new_link() -> str:
    """What a new link proves, once and within LINK_S."""
    token, now = token_urlsafe(32), time.time()
    LocalBrowser.delete().where(LocalBrowser.expires < now).execute()
    LocalBrowser.create(sha256=digest(token), opened=0, last_used=now, expires=now + LINK_S)
    return token


def open_link(token: str, lengths: Lengths, address: str) -> str:
    """Start the session of a link; returns the identifier for its cookie, "" if the link is unknown, too old or was opened before."""
    identifier, now = token_urlsafe(32), time.time()
    is_usable = (LocalBrowser.sha256 == digest(token)) & (LocalBrowser.opened == 0) & (LocalBrowser.expires > now)
    values = {"sha256": digest(identifier), "opened": now, "last_used": now, "expires": now + lengths.hours * 3600}
    with proxy.atomic():
        if not LocalBrowser.update(**values).where(is_usable).execute():
            return ""
        audit("open local link", "this machine", f"from {address}", "accepted", user="nobody")
    return identifier


def find(identifier: str, lengths: Lengths) -> LocalBrowser | None:
    """The browser of this identifier, unless its session has ended."""
    row: LocalBrowser | None = LocalBrowser.get_or_none((LocalBrowser.sha256 == digest(identifier)) & (LocalBrowser.opened > 0))
    now = time.time()
    if row is None or row.expires <= now or row.last_used + lengths.idle_hours * 3600 <= now:
        return None
    return row


def store_use(row: LocalBrowser) -> None:
    """Store that somebody has just used this browser, at most once a minute."""
    now = time.time()
    if row.last_used < now - LAST_USE_S:
        with optional_write("The last use of a browser on this machine was not stored", wait_s=0):
            LocalBrowser.update(last_used=now).where(LocalBrowser.id == row.id).execute()


def end(identifier: str) -> None:
    """End the session of one browser."""
    LocalBrowser.delete().where(LocalBrowser.sha256 == digest(identifier)).execute()


def end_all() -> int:
    """End the sessions of all browsers on this machine, and links that nobody has opened; returns how many sessions."""
    with proxy.atomic():
        count = LocalBrowser.select().where(LocalBrowser.opened > 0).count()
        LocalBrowser.delete().execute()
        audit("end local sessions", "this machine", answer=f"{count} of browsers")
    return count
