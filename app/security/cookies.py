"""The session cookie: its name and path, and sessions as in Flask, but without cost for requests without a cookie."""

from __future__ import annotations

from flask import Flask, Request, request
from flask.sessions import SecureCookieSession, SecureCookieSessionInterface


class CookieSessionInterface(SecureCookieSessionInterface):
    """Prepares no signature check for a request without a session cookie, as most are.

    port: of this instance. The path of the cookie is the URL prefix of the request.
    """

    def __init__(self, port: int) -> None:
        self.port = port

    def get_cookie_name(self, app: Flask) -> str:
        """The name of the cookie for the URL prefix of this request."""
        return cookie_name(self.port, self.get_cookie_secure(app), request.script_root)

    def get_cookie_path(self, app: Flask) -> str:
        """The path of the hub: no other application of the host gets the cookie."""
        return request.script_root or "/"

    def open_session(self, app: Flask, request: Request) -> SecureCookieSession | None:
        """The session of a request, empty without a cookie."""
        if self.get_cookie_name(app) not in request.cookies:
            return self.session_class()
        return super().open_session(app, request)


def cookie_name(port: int, secure: bool, url_prefix: str) -> str:
    """The name of the session cookie. All ports of a host share cookies, so each instance on a host has its own name.

    Over HTTPS browsers accept a cookie `__Host-...` only from this host, not from other hosts of its domain. Such a cookie is
    sent to all applications of the host. So a hub with a URL prefix uses another name, which allows a cookie for its path only.
    """
    if not secure:
        return f"dqmhub_{port}"
    return f"__Secure-dqmhub_{port}" if url_prefix else f"__Host-dqmhub_{port}"
