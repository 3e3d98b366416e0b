"""The browser that sent a request: the user who is signed in with it, and the begin and end of its session."""

from __future__ import annotations

from flask import current_app, request, session

from app.security import sessions
from app.security.models import Session, User
from app.security.origin import SAFE_METHODS
from app.security.sessions import Lengths
from app.security.settings import SecuritySettings
from app.web import request_settings

SESSION_KEY = "id"


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
    if current_app.config["SESSION_COOKIE_NAME"] not in request.cookies or not (identifier := session_identifier()):
        return None
    row = sessions.find(identifier, lengths())
    if row and _is_use():
        sessions.store_use(row)
    return row


def session_identifier() -> str:
    """The identifier in the cookie of this browser, "" without one."""
    identifier = session.get(SESSION_KEY)
    return identifier if isinstance(identifier, str) else ""


def start_session(user: User) -> None:
    """Sign this browser in, in place of who was signed in with it."""
    end_session()
    session.permanent = True
    session[SESSION_KEY] = sessions.start(user, lengths(), request.remote_addr or "", request.headers.get("User-Agent", ""))


def end_session() -> None:
    """Sign this browser out."""
    if identifier := session_identifier():
        sessions.end(identifier)
    session.pop(SESSION_KEY, None)


def _is_use() -> bool:
    """Whether the user did something: not a page that updates itself (static/web/htmx_hooks.js), its pictures or its scripts."""
    if request.headers.get("DQM-Automatic"):
        return False
    is_page = "text/html" in request.headers.get("Accept", "") or "HX-Request" in request.headers
    return is_page or request.method not in SAFE_METHODS
