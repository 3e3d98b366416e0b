"""Security: roles, accounts, tokens, the guard before each request, the headers of each answer, and the audit log."""

from __future__ import annotations

from datetime import timedelta

from flask import Flask

from app.security.audit import audit
from app.security.caller import Caller, current_user, trusted
from app.security.roles import Role, needs
from app.security.settings import SecuritySettings

__all__ = ["Caller", "Role", "audit", "current_user", "init_app", "may", "needs", "trusted"]


def init_app(app: Flask) -> None:
    from app.core.settings import Settings
    from app.security import guard, headers, views
    from app.security.proxies import Proxies
    from app.security.sessions import Sessions

    settings: Settings = app.config["HUB"]
    app.config.update(
        SESSION_COOKIE_NAME=cookie_name(settings.web_port, settings.of(SecuritySettings).secure_cookies),
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_COOKIE_SECURE=settings.of(SecuritySettings).secure_cookies,
        SESSION_COOKIE_PATH=settings.url_prefix or "/",
        SESSION_REFRESH_EACH_REQUEST=False,
        PERMANENT_SESSION_LIFETIME=timedelta(hours=settings.of(SecuritySettings).session_hours),
    )
    app.session_interface = Sessions()
    app.wsgi_app = Proxies(app.wsgi_app, settings)  # type: ignore[method-assign]  # Flask's documented way
    app.jinja_env.globals.update(current_user=current_user, may=may, page_address=guard.asked_page)
    guard.init_app(app, settings)
    headers.init_app(app, settings)
    app.register_blueprint(views.blueprint)


def may(role: str) -> bool:
    """Whether this request has the rights of the role of this name."""
    return current_user().role >= Role.of(role)


def cookie_name(port: int, secure: bool) -> str:
    """Cookies are shared by all ports of a host, so two instances on one host need two names."""
    return f"__Secure-dqmhub_{port}" if secure else f"dqmhub_{port}"
