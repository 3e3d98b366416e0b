"""Helpers of the web server: responses, and the rules of CMSWEB."""

from __future__ import annotations

import html
from collections.abc import Awaitable, Callable, Mapping

from aiohttp import web

from .site import Site
from .store import DocumentStore

SITE: web.AppKey[Site] = web.AppKey("site", Site)

TEXT = "text/html; charset=UTF-8"
JSON = "application/json"
CORS = {
    "Access-Control-Allow-Origin": "*",
    "Access-Control-Allow-Methods": "POST, OPTIONS",
    "Access-Control-Allow-Headers": "Origin, Accept, Content-Type, X-Requested-With, X-CSRF-Token",
    "Access-Control-Allow-Credentials": "true",
}
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


def make_response(text: str | bytes, content_type: str = TEXT, status: int = 200, headers: Mapping[str, str] | None = None) -> web.Response:
    """A response whose Content-Type is exactly `content_type`."""
    body = text.encode("utf-8", "surrogatepass") if isinstance(text, str) else text
    return web.Response(status=status, body=body, headers={**(headers or {}), "Content-Type": content_type})


def store_of(request: web.Request) -> DocumentStore:
    """The store of the host that the request has reached. As in the original, the Host header does not matter."""
    address = request.transport.get_extra_info("sockname")[0] if request.transport else ""
    return request.app[SITE].store_at(address)


def critical_error(request: web.Request) -> web.Response:
    """The response to a request that failed."""
    return make_response(f"<h1>Critical error while processing request: {html.escape(request.path)}</h1>", status=500)


def is_cmsweb(request: web.Request) -> bool:
    """Whether the address of the request is CMSWEB's. The original checks nothing else either."""
    return "cmsweb" in str(request.url)


def require_cookie(handler: Handler) -> Handler:
    """A handler that requires the secret cookie for requests through CMSWEB."""

    async def checked_handler(request: web.Request) -> web.StreamResponse:
        if is_cmsweb(request):
            value = cookie_value(
                "selenium-secret-secret", request.headers["Cookie"]
            )  # a missing header is a KeyError and status 500, as in the original
            if value != request.app[SITE].options.secret:
                raise web.HTTPSeeOther("https://cmsweb.cern.ch/")
        return await handler(request)

    return checked_handler


def cookie_value(name: str, header: str) -> str | None:
    """The value of a cookie. The header is parsed by hand because CMSWEB prepends text that cookie parsers reject."""
    for part in header.split(";"):
        key, _, value = part.strip().partition("=")
        if key == name:
            return value
    return None
