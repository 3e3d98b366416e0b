"""The user of a request by a named proxy, with an account of the origin "proxy"."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from app.security import accounts
from app.security.errors import AccountError, NoRoleError
from app.security.models import User
from app.security.proxies import is_inside
from app.security.proxy_sign_in import certificate, cmsweb
from app.security.proxy_sign_in.identity import ProxySignInError, ProxyUser
from app.security.proxy_sign_in.settings import ProxySignInSettings
from app.security.repeated import audit_often
from app.security.role_grants import granted_role
from app.security.roles import Role
from app.security.throttle import network_of

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication

    from app.core.settings import Settings

ORIGIN = "proxy"
HEADERS = "dqmhub.sign_in_headers"
"""In the environ of a request: the headers of a named proxy about its user."""
IGNORED = "dqmhub.ignored_sign_in"
"""In the environ of a request: the address from which such headers came and were removed, since no named proxy is there."""

PREFIXES = ("HTTP_CMS_AUTH", "HTTP_SSL_CLIENT_", "HTTP_DQM_PROXY_KEY")
SHORTEST_KEY = 16
READERS: dict[str, Callable[[Mapping[str, str], bytes], ProxyUser | None]] = {
    "certificate": certificate.identity,
    "cmsweb": cmsweb.identity,
}


class SignInHeaders:
    """WSGI middleware that removes headers about users from all requests, and stores those of named proxies under HEADERS.

    It must come before what replaces the address of the proxy by that of its client.
    """

    def __init__(self, app: WSGIApplication, settings: Settings) -> None:
        self.app = app
        rules = settings.of(ProxySignInSettings)
        self.networks = () if rules.proxy_sign_in == "off" else rules.proxy_sign_in_networks
        self.is_on = rules.proxy_sign_in != "off"

    def __call__(self, environ: dict[str, Any], start_response: StartResponse) -> Any:
        found = {name: environ.pop(name) for name in [name for name in environ if name.startswith(PREFIXES)]}
        if found and self.is_on:
            peer = environ.get("REMOTE_ADDR", "")
            environ.update({HEADERS: found} if is_inside(peer, self.networks) else {IGNORED: peer})
        return self.app(environ, start_response)


def identified_user(environ: Mapping[str, Any], settings: Settings, address: str) -> User | None:
    """The user whom a named proxy has identified; None if it has identified nobody. What is refused has an audit row.

    Args:
        address: Of the client, for the audit log.

    Raises:
        ProxySignInError: the proxy or the user is refused.
    """
    if IGNORED in environ:
        answer = f"ignored: no proxy that identifies users is at {environ[IGNORED]}"
        _audit("ignored proxy sign-in", "(headers)", address, answer, network_of(address))
    headers, rules = environ.get(HEADERS), settings.of(ProxySignInSettings)
    if headers is None:
        return None
    subject = "(unknown)"
    try:
        found = READERS[rules.proxy_sign_in](headers, key_of(rules.proxy_sign_in_key_file))
        if found is None:
            return None
        subject = found.subject
        user = accounts.from_directory(ORIGIN, subject, found.name, *_role_of(found, rules))
    except (ProxySignInError, AccountError) as error:
        sender = f"{str(error)[:60]}: {subject[:200]}@{network_of(address)}"  # users behind one address have rows of their own
        _audit("refused proxy sign-in", subject, address, f"refused: {error}", sender)
        remedy = ": ask the administrators for a line in proxy_sign_in_roles" if isinstance(error, NoRoleError) else ""
        raise ProxySignInError(f"{error}{remedy}") from None
    _audit_accepted(user.name, subject, address, int(time.time() // 3600))
    return user


def key_of(file: str) -> bytes:
    """The key of the proxies, read for each request. Raises ProxySignInError."""
    try:
        key = Path(file).read_bytes()
    except OSError as error:
        raise ProxySignInError(f"The key of the proxies cannot be read: {error.strerror} (proxy_sign_in_key_file)") from None
    if len(key.strip()) < SHORTEST_KEY:
        raise ProxySignInError(f"The key of the proxies has less than {SHORTEST_KEY} bytes (proxy_sign_in_key_file)")
    return key


def _role_of(found: ProxyUser, rules: ProxySignInSettings) -> tuple[Role, str]:
    if granted := granted_role(rules.proxy_sign_in_roles, found.values):
        return granted
    return (Role.VIEWER if rules.proxy_sign_in_without_role == "viewer" else Role.PUBLIC), ""


def _audit(action: str, target: str, address: str, answer: str, sender: str, user: str = "nobody") -> None:
    """Add a row. Each kind has an action of its own: those that anybody can cause leave room for the others."""
    audit_often(action, target[:200], address, answer, sender=sender, user=user)


@lru_cache(4096)
def _audit_accepted(name: str, subject: str, address: str, hour: int) -> None:
    """Add a row for the first request of a user from an address in an hour; each process counts one."""
    _audit("proxy sign-in", subject, address, "accepted", f"{name}@{network_of(address)}", name)
