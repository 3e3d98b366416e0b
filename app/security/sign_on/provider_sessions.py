"""Sessions of this hub and the sessions of the provider in which they began: one ends with the other."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from peewee import IntegrityError

from app.core.database import proxy
from app.security.audit_log import audit
from app.security.models import Session, SignOnSession, UsedLogoutToken, User
from app.security.sign_on.checked_tokens import CLOCK_SKEW_S, logout_token_end
from app.security.sign_on.errors import AnswerRefused
from app.security.sign_on.flow import SignedOnUser
from app.security.sign_on.provider import IdentityProvider
from app.security.tokens import digest

MAX_HINT_CHARS = 4000
"""Servers take addresses of some 8 kB. Without the hint the provider asks the user before it ends the session."""

ORIGIN = "sign-on"
"""Of accounts that the provider identifies."""


def remember(identifier: str, identity: SignedOnUser) -> None:
    """Store the session of the provider in which the session with this identifier began."""
    session = Session.get(Session.sha256 == digest(identifier))
    SignOnSession.create(session=session, sid=identity.sid, id_token=identity.id_token)


def id_token_of(session: Session) -> str:
    """The token with which a session began; "" if it began with a password."""
    row: SignOnSession | None = SignOnSession.get_or_none(SignOnSession.session == session)
    return row.id_token if row else ""


def sign_out_address(provider: IdentityProvider, id_token: str, return_to: str) -> str:
    """Where the browser ends its session at the provider; "" if the provider has no such address. Raises ProviderUnavailable."""
    address = provider.metadata().get("end_session_endpoint")
    hint = {"id_token_hint": id_token} if len(id_token) <= MAX_HINT_CHARS else {}
    query = {**hint, "client_id": provider.settings.sign_on_client_id, "post_logout_redirect_uri": return_to}
    return f"{address}{'&' if '?' in address else '?'}{urlencode(query)}" if address else ""


def end_by_provider(provider: IdentityProvider, claims: Mapping[str, Any]) -> int:
    """End the sessions that a checked logout token names; returns how many. Raises AnswerRefused if the token was used already.

    Those that began more than CLOCK_SKEW_S after it was made stay: it may have been on its way.
    """
    began_before = Session.created <= claims["iat"] + CLOCK_SKEW_S
    named = Session.select(Session.id).join(SignOnSession, on=SignOnSession.session == Session.id).switch(Session).join(User)
    named = named.where((User.origin == ORIGIN) & began_before)
    if sub := claims.get("sub"):
        named = named.where(User.subject == f"{provider.settings.sign_on_issuer} {sub}")
    if sid := claims.get("sid"):
        named = named.where(SignOnSession.sid == sid)
    with proxy.atomic():  # with the note that the token was used: one that ended nothing because of an error can be sent again
        _note_use(claims)
        rows = list(Session.select(Session.id, User.name).join(User).where(Session.id.in_(named)))
        Session.delete().where(Session.id.in_([row.id for row in rows])).execute()
        for name in sorted({row.user.name for row in rows}):
            count = sum(row.user.name == name for row in rows)
            audit("end sessions", name, answer=f"{count}, by {ORIGIN}", user=ORIGIN)
    return len(rows)


def _note_use(claims: Mapping[str, Any]) -> None:
    """Remember a logout token by its jti for as long as it is accepted (OpenID Connect Back-Channel Logout 2.6). Raises AnswerRefused."""
    UsedLogoutToken.delete().where(UsedLogoutToken.expires < time.time()).execute()
    try:
        UsedLogoutToken.create(sha256=digest(ascii(claims["jti"])), expires=logout_token_end(claims))
    except IntegrityError as error:
        raise AnswerRefused("This logout token was used already", "token: it was used already") from error
