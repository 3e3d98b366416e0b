"""Sessions in a signed cookie, as in Flask, but without cost for requests without a cookie."""

from __future__ import annotations

from flask import Flask, Request
from flask.sessions import SecureCookieSession, SecureCookieSessionInterface


class CookieSessionInterface(SecureCookieSessionInterface):
    """Prepares no signature check for a request without a session cookie, as most are."""

    def open_session(self, app: Flask, request: Request) -> SecureCookieSession | None:
        """The session of a request, empty without a cookie."""
        if self.get_cookie_name(app) not in request.cookies:
            return self.session_class()
        return super().open_session(app, request)
