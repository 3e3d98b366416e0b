"""Adds security to the web application: sessions, proxies, the guard, headers and the pages of accounts."""

from __future__ import annotations

import logging
from datetime import timedelta

from flask import Flask

from app.core.settings import Settings
from app.security import guard, headers, own_account, own_tokens, refusals, sign_on_views, this_machine, views
from app.security.audit_log import set_actor_provider
from app.security.caller import actor, current_user
from app.security.cookies import CookieSessionInterface
from app.security.errors import SecurityError
from app.security.problems import problem_of
from app.security.proxies import ProxyMiddleware
from app.security.proxy_sign_in.sign_in import SignInHeaders
from app.security.roles import Role
from app.security.settings import SecuritySettings
from app.security.sign_on import provider
from app.security.sign_on.settings import SignOnSettings
from app.web.errors import map_errors

log = logging.getLogger(__name__)


def init_app(app: Flask) -> None:
    """Add security to the application."""
    settings: Settings = app.config["HUB"]
    security = settings.of(SecuritySettings)
    app.config.update(
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_COOKIE_SECURE=security.secure_cookies,
        SESSION_REFRESH_EACH_REQUEST=False,
        PERMANENT_SESSION_LIFETIME=timedelta(hours=security.session_hours),
    )
    try:
        this_machine.make_key(settings)
    except OSError as error:  # a full disk must not keep the hub from starting
        log.warning("Nobody has the rights of this machine: %s cannot be written: %s", this_machine.key_file(settings), error.strerror)
    app.session_interface = CookieSessionInterface(settings.web_port)
    app.wsgi_app = ProxyMiddleware(app.wsgi_app, settings)  # type: ignore[method-assign]  # Flask's documented way
    app.jinja_env.globals.update(current_user=current_user, may=may, page_address=guard.page_address)
    app.wsgi_app = SignInHeaders(app.wsgi_app, settings)  # type: ignore[method-assign]  # outermost: it needs the address of the proxy
    set_actor_provider(actor)
    map_errors(app, SecurityError, problem_of)
    guard.init_app(app, settings)
    refusals.init_app(app)
    headers.init_app(app, settings)
    provider.init_app(app, settings.of(SignOnSettings))
    app.register_blueprint(views.blueprint)
    app.register_blueprint(own_account.blueprint)
    app.register_blueprint(own_tokens.blueprint)
    app.register_blueprint(sign_on_views.blueprint)


def may(role: str) -> bool:
    """Whether the sender of this request has the rights of the role of this name."""
    return current_user().role >= Role.of(role)
