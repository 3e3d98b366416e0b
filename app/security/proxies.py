"""Address, scheme and host of a request behind reverse proxies, and its path below the URL prefix in the settings.

X-Forwarded-Prefix is not used: proxies pass it on from their clients, who would choose the addresses of links and cookies, and
pass rules of the proxy about paths.

Only proxies in the networks of the setting `trusted_proxies` may forward these. `environ["dqmhub.client"]` is the address
of the client if it is known for certain, otherwise "": if an unknown proxy forwarded the request, or a trusted one
without the address of its client. So a reverse proxy on this machine never gives its clients the rights of "this machine".

werkzeug's ProxyFix is not used: it needs a fixed number of proxies and trusts every sender of the headers.
"""

from __future__ import annotations

import ipaddress
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from app.core.settings import Settings
from app.security.settings import SecuritySettings

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication

CLIENT = "dqmhub.client"
FORWARDER = "dqmhub.proxy"
"""What forwarded the request: "none" that says so, "unknown", "trusted"."""
PEER = "dqmhub.peer"
"""The address from which the connection came."""
HOPS = "dqmhub.hops"
"""Number of addresses in X-Forwarded-For."""

FORWARDING_HEADERS = (
    "HTTP_X_FORWARDED_FOR",
    "HTTP_X_FORWARDED_HOST",
    "HTTP_X_FORWARDED_PROTO",
    "HTTP_X_FORWARDED_PREFIX",
    "HTTP_X_REAL_IP",
    "HTTP_FORWARDED",
    "HTTP_VIA",
)

LOOPBACK = ("127.0.0.0/8", "::1/128")
LOOPBACK_NAMES = ("127.0.0.1", "localhost", "[::1]")


@lru_cache(4096)
def is_inside(address: str, networks: tuple[str, ...]) -> bool:
    """Whether an address is in one of the networks; False for a text that is not an address."""
    try:
        ip = ipaddress.ip_address(address)
    except ValueError:
        return False
    ip = getattr(ip, "ipv4_mapped", None) or ip
    return any(ip in ipaddress.ip_network(network) for network in networks)


def host_name(host: str) -> str:
    """The name in a Host header, lower case, without the port; an IPv6 address keeps its brackets."""
    name, colon, port = host.rpartition(":")
    return (name if colon and port.isdigit() else host).lower()


class ProxyMiddleware:
    """WSGI middleware that sets address, scheme and host from the headers of trusted proxies, and the URL prefix."""

    def __init__(self, app: WSGIApplication, settings: Settings) -> None:
        self.app = app
        security = settings.of(SecuritySettings)
        self.proxies, self.takes_ids = security.trusted_proxies, security.proxy_request_ids
        self.prefix = settings.url_prefix

    def __call__(self, environ: dict[str, Any], start_response: StartResponse) -> Any:
        forwarded = {name: environ.pop(name) for name in FORWARDING_HEADERS if name in environ}
        peer = environ.get("REMOTE_ADDR", "")
        is_trusted = is_inside(peer, self.proxies)
        environ[PEER], environ[HOPS] = peer, len(_items(forwarded.get("HTTP_X_FORWARDED_FOR", "")))
        environ[FORWARDER] = "unknown" if forwarded else "none"
        if not (is_trusted and self.takes_ids):
            environ.pop("HTTP_X_REQUEST_ID", None)
        if is_trusted:
            self._apply(environ, forwarded)
            environ[FORWARDER] = "trusted" if forwarded else "none"
        else:
            environ[CLIENT] = "" if forwarded or _is_silent_proxy(peer, environ.get("HTTP_HOST", "")) else peer
        _strip(environ, self.prefix)
        return self.app(environ, start_response)

    def _apply(self, environ: dict[str, Any], forwarded: dict[str, str]) -> None:
        """Apply the headers of a trusted proxy."""
        chain = _items(forwarded.get("HTTP_X_FORWARDED_FOR", ""))
        hops = 1
        while chain and is_inside(chain[-1], self.proxies):
            chain.pop()
            hops += 1
        client = chain[-1] if chain and is_inside(chain[-1], ("0.0.0.0/0", "::/0")) else ""
        # behind a proxy "127.0.0.1" is the proxy's own machine or forged, never this machine
        environ[CLIENT] = "" if is_inside(client, LOOPBACK) else client
        environ["REMOTE_ADDR"] = client or environ["REMOTE_ADDR"]
        if (scheme := _outermost(forwarded, "HTTP_X_FORWARDED_PROTO", hops)) in ("http", "https"):
            environ["wsgi.url_scheme"] = scheme
        environ["HTTP_HOST"] = _outermost(forwarded, "HTTP_X_FORWARDED_HOST", hops) or environ.get("HTTP_HOST", "")


def _strip(environ: dict[str, Any], url_prefix: str) -> None:
    """Set SCRIPT_NAME to the URL prefix, and remove it from the path if the proxy has left it there."""
    environ["SCRIPT_NAME"] = url_prefix
    path = environ.get("PATH_INFO", "")
    if url_prefix and (path + "/").startswith(url_prefix + "/"):
        environ["PATH_INFO"] = path[len(url_prefix) :] or "/"


def _items(value: str) -> list[str]:
    return [item.strip() for item in value.split(",") if item.strip()]


def _outermost(forwarded: dict[str, str], name: str, hops: int) -> str:
    """The value of a header as the outermost trusted proxy wrote it: each of the `hops` may have appended one item."""
    values = _items(forwarded.get(name, ""))
    return values[-min(hops, len(values))] if values else ""


def _is_silent_proxy(peer: str, host: str) -> bool:
    """Whether a request comes from this machine under the name of another one: from a proxy without forwarding headers."""
    return is_inside(peer, LOOPBACK) and host_name(host) not in LOOPBACK_NAMES
