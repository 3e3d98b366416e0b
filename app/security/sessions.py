"""The sessions of browsers that are signed in.

A session is a row; its random identifier is in the signed cookie. Signing out, a new password, another role or
disabling the account deletes the rows, so a copied cookie stops working too.
"""

from __future__ import annotations

import time
from secrets import token_urlsafe
from typing import NamedTuple

from app.core.database import proxy
from app.security.audit_log import audit
from app.security.errors import AccountError
from app.security.models import Session, User
from app.security.optional_write import optional_write
from app.security.tokens import digest

LAST_USE_S = 60.0
"""The last use of a session is stored at most this often."""

MAX_BROWSER_CHARS = 200
SESSIONS = 50
"""Most sessions of a user. A further one ends the session that has been unused for longest: scripts may sign in for each call."""


class Lengths(NamedTuple):
    """When sessions end by themselves."""

    hours: float  # after signing in
    idle_hours: float  # after the last use


_BROWSERS = ("Firefox", "Edg", "OPR", "HeadlessChrome", "Chrome", "Safari", "curl")
_SYSTEMS = ("Android", "iPhone", "iPad", "Windows", "Macintosh", "Linux")


def browser_name(browser: str) -> str:
    """What people call a browser with this User-Agent: "Firefox, Linux"; the first word of an unknown one."""
    found = [next((name for name in names if name in browser), "") for names in (_BROWSERS, _SYSTEMS)]
    found[0] = {"Edg": "Edge", "OPR": "Opera", "HeadlessChrome": "Chrome"}.get(found[0], found[0] or browser.partition("/")[0][:30])
    return ", ".join(filter(None, found)) or "Unknown"


def start(user: User, lengths: Lengths, address: str, browser: str) -> str:
    """Sign a browser in; returns the identifier for its cookie.

    Args:
        user: With the password that was checked.
        address: From where it signs in.
        browser: What it says it is, the header User-Agent.

    Raises:
        AccountError: the user has another password since it was checked.
    """
    identifier, now = token_urlsafe(32), time.time()
    with proxy.atomic():
        # Locks the row: a change of the password ends the session that begins here, or has ended and is seen.
        if not User.update(password=User.password).where((User.id == user.id) & (User.password == user.password)).execute():
            raise AccountError("The password was changed just now: sign in with the new one")
        Session.delete().where((Session.expires < now) | (Session.last_used < now - lengths.idle_hours * 3600)).execute()
        latest = Session.select(Session.id).where(Session.user == user).order_by(Session.last_used.desc(), Session.id.desc())
        Session.delete().where((Session.user == user) & Session.id.not_in(latest.limit(SESSIONS - 1))).execute()
        Session.create(
            sha256=digest(identifier),
            user=user,
            expires=now + lengths.hours * 3600,
            created=now,
            last_used=now,
            address=address,
            browser=browser[:MAX_BROWSER_CHARS],
        )
    return identifier


def find(identifier: str, lengths: Lengths) -> Session | None:
    """The session of this identifier with its user, unless it has ended or the account is disabled."""
    row: Session | None = Session.select(Session, User).join(User).where(Session.sha256 == digest(identifier)).first()
    now = time.time()
    if row is None or row.user.disabled or row.expires <= now or row.last_used + lengths.idle_hours * 3600 <= now:
        return None
    return row


def store_use(row: Session) -> None:
    """Store that its user has just used a session. A database that cannot be written does not refuse the request."""
    now = time.time()
    if row.last_used >= now - LAST_USE_S:
        return
    with optional_write("The last use of a session was not stored", wait_s=0):
        Session.update(last_used=now).where((Session.id == row.id) & (Session.last_used < now - LAST_USE_S)).execute()


def sessions_of(user: User, lengths: Lengths) -> list[Session]:
    """The valid sessions of a user, the latest used first."""
    now = time.time()
    goes_on = (Session.expires > now) & (Session.last_used > now - lengths.idle_hours * 3600)
    return list(Session.select().where((Session.user == user) & goes_on).order_by(Session.last_used.desc(), Session.id.desc()))


def end(identifier: str) -> None:
    """Sign a browser out."""
    Session.delete().where(Session.sha256 == digest(identifier)).execute()


def end_of(user: User, number: int) -> None:
    """End the session of this number of a user; nothing if there is none, since it may have ended meanwhile."""
    with proxy.atomic():
        if Session.delete().where((Session.user == user) & (Session.id == number)).execute():
            audit("end session", user.name)


def end_others(user: User, identifier: str) -> int:
    """End all sessions of a user but that of this identifier; returns how many."""
    with proxy.atomic():
        count: int = Session.delete().where((Session.user == user) & (Session.sha256 != digest(identifier))).execute()
        audit("end sessions", user.name, answer=f"{count} of other browsers")
    return count
