"""The browser that sent a request: who is signed in with it, or which link of this machine it opened; starts and ends both."""

from __future__ import annotations

from flask import current_app, request, session

from app.security import local_browsers, sessions
from app.security.models import Session, User
from app.security.origin import SAFE_METHODS
from app.security.sessions import Lengths
from app.security.settings import SecuritySettings
from app.web import request_settings

SESSION_KEY = "id"
LOCAL_KEY = "local"


def lengths() -> Lengths:
    """When sessions end by themselves."""
    settings = request_settings().of(SecuritySettings)
    return Lengths(settings.session_hours, settings.session_idle_hours)


def session_user() -> User | None:
    """The user who is signed in with this browser."""
    row = current_session()
    return row.user if row else None


def current_session() -> Session | None:
    """The session of this browser; stores that it was used, if the user did something."""
    if not (identifier := session_identifier()):
        return None
    row = sessions.find(identifier, lengths())
    if row and _is_use():
        sessions.store_use(row)
    return row


def session_identifier() -> str:
    """The identifier of the session in the cookie of this browser, "" without one."""
    return _in_cookie(SESSION_KEY)


def start_session(user: User) -> str:
    """Sign the user in with this browser, instead of any user before; returns the identifier of the session.

    Raises AccountError if the account was changed meanwhile.
    """
    identifier = sessions.start(user, lengths(), request.remote_addr or "", request.headers.get("User-Agent", ""))
    end_session()
    session.permanent = True
    session[SESSION_KEY] = identifier
    return identifier


def end_session() -> None:
    """Sign this browser out."""
    if identifier := session_identifier():
        sessions.end(identifier)
    session.pop(SESSION_KEY, None)


def is_local() -> bool:
    """Whether this browser has opened a link of `dqmhub local-link`; stores that it was used."""
    if not (identifier := _in_cookie(LOCAL_KEY)):
        return False
    row = local_browsers.find(identifier, lengths())
    if row and _is_use():
        local_browsers.store_use(row)
    return row is not None


def start_local(token: str) -> bool:
    """Open a link of `dqmhub local-link` in this browser; False if the link is not valid."""
    identifier = local_browsers.open_link(token, lengths(), request.remote_addr or "")
    if not identifier:
        return False
    end_local()
    session.permanent = True
    session[LOCAL_KEY] = identifier
    return True


def end_local() -> None:
    """Let this browser no longer read without an account."""
    if identifier := _in_cookie(LOCAL_KEY):
        local_browsers.end(identifier)
    session.pop(LOCAL_KEY, None)


def _in_cookie(key: str) -> str:
    if current_app.session_interface.get_cookie_name(current_app) not in request.cookies:
        return ""
    identifier = session.get(key)
    return identifier if isinstance(identifier, str) else ""


def _is_use() -> bool:
    """Whether the user or a script did something: not a page that updates itself (static/web/htmx_hooks.js), nor what pages load."""
    if request.headers.get("DQM-Automatic"):
        return False
    accept = request.headers.get("Accept", "")
    is_of_page = "Sec-Fetch-Dest" in request.headers or accept.startswith("image/")  # pictures, scripts and data that a page loads
    is_page = "text/html" in accept or "HX-Request" in request.headers
    return is_page or not is_of_page or request.method not in SAFE_METHODS
