"""Where a request comes from: the client's address, and what reverse proxies say about it.

Only the proxies of the setting `trusted_proxies` are believed. `environ["dqmhub.client"]` is the client's address when it
is known for sure, else "": a request that an unknown proxy passed on, or that a proxy sent without saying for whom, has
none. So a reverse proxy on this machine never turns the world into "this machine".
"""

from __future__ import annotations

import ipaddress
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from app.core.settings import Settings, prefix
from app.security.settings import SecuritySettings

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication

CLIENT = "dqmhub.client"

SAID_BY_PROXIES = (
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
def inside(address: str, networks: tuple[str, ...]) -> bool:
    """Whether an address is in one of the networks; what is no address is in none."""
    try:
        ip = ipaddress.ip_address(address)
    except ValueError:
        return False
    ip = getattr(ip, "ipv4_mapped", None) or ip
    return any(ip in ipaddress.ip_network(network) for network in networks)


def host_name(host: str) -> str:
    """The name in a Host header, lower case, without the port; brackets of an IPv6 address stay."""
    name, colon, port = host.rpartition(":")
    return (name if colon and port.isdigit() else host).lower()


class Proxies:
    """WSGI middleware that settles address, scheme, host and path prefix before the application looks at them."""

    def __init__(self, app: WSGIApplication, settings: Settings) -> None:
        self.app = app
        self.proxies = settings.of(SecuritySettings).trusted_proxies
        self.prefix = settings.url_prefix

    def __call__(self, environ: dict[str, Any], start_response: StartResponse) -> Any:
        said = {name: environ.pop(name) for name in SAID_BY_PROXIES if name in environ}
        peer = environ.get("REMOTE_ADDR", "")
        start = self.prefix
        if inside(peer, self.proxies):
            start = self._believe(environ, said) or start
        else:
            environ[CLIENT] = "" if said or _in_disguise(peer, environ.get("HTTP_HOST", "")) else peer
        self._strip(environ, start)
        return self.app(environ, start_response)

    def _believe(self, environ: dict[str, Any], said: dict[str, str]) -> str:
        """Take over what a trusted proxy says; the path prefix it names."""
        chain = _items(said.get("HTTP_X_FORWARDED_FOR", ""))
        hops = 1
        while chain and inside(chain[-1], self.proxies):
            chain.pop()
            hops += 1
        client = chain[-1] if chain and inside(chain[-1], ("0.0.0.0/0", "::/0")) else ""
        # behind a proxy "127.0.0.1" is the proxy's machine, or a lie, but never this machine
        environ[CLIENT] = "" if inside(client, LOOPBACK) else client
        environ["REMOTE_ADDR"] = client or environ["REMOTE_ADDR"]
        if (scheme := _seen(said, "HTTP_X_FORWARDED_PROTO", hops)) in ("http", "https"):
            environ["wsgi.url_scheme"] = scheme
        environ["HTTP_HOST"] = _seen(said, "HTTP_X_FORWARDED_HOST", hops) or environ.get("HTTP_HOST", "")
        start = _seen(said, "HTTP_X_FORWARDED_PREFIX", hops).rstrip("/")
        return "" if prefix(start) else start

    def _strip(self, environ: dict[str, Any], start: str) -> None:
        """Set the path prefix, whether the proxy passes it on in the path or not; a client's own SCRIPT_NAME is dropped."""
        environ["SCRIPT_NAME"] = start
        path = environ.get("PATH_INFO", "")
        if start and (path + "/").startswith(start + "/"):
            environ["PATH_INFO"] = path[len(start) :] or "/"


def _items(value: str) -> list[str]:
    return [item.strip() for item in value.split(",") if item.strip()]


def _seen(said: dict[str, str], name: str, hops: int) -> str:
    """What the outermost trusted proxy saw: each one may have added one item at the end."""
    values = _items(said.get(name, ""))
    return values[-min(hops, len(values))] if values else ""


def _in_disguise(peer: str, host: str) -> bool:
    """Whether somebody on this machine asks under a name that is not this machine: a proxy that says nothing of itself."""
    return inside(peer, LOOPBACK) and host_name(host) not in LOOPBACK_NAMES
