"""What the addresses of the stand-in share: shapes of answers, and the rules of CMSWEB."""

from __future__ import annotations

import html
from collections.abc import Awaitable, Callable, Mapping

from aiohttp import web

from .site import Site

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


def reply(text: str | bytes, kind: str = TEXT, status: int = 200, headers: Mapping[str, str] | None = None) -> web.Response:
    """An answer whose Content-Type is exactly `kind`."""
    body = text.encode("utf-8", "surrogatepass") if isinstance(text, str) else text
    return web.Response(status=status, body=body, headers={**(headers or {}), "Content-Type": kind})


def critical(request: web.Request) -> web.Response:
    """The answer to a request that failed."""
    return reply(f"<h1>Critical error while processing request: {html.escape(request.path)}</h1>", status=500)


def outside(request: web.Request) -> bool:
    """Whether the address that the client used is CMSWEB's, which is all that the original looks at."""
    return "cmsweb" in str(request.url)


def checked(handler: Handler) -> Handler:
    """Ask for the secret cookie when the address is CMSWEB's."""

    async def check(request: web.Request) -> web.StreamResponse:
        if outside(request):
            given = cookie("selenium-secret-secret", request.headers["Cookie"])  # no header at all: KeyError, answered by 500
            if given != request.app[SITE].options.secret:
                raise web.HTTPSeeOther("https://cmsweb.cern.ch/")
        return await handler(request)

    return check


def cookie(name: str, header: str) -> str | None:
    """The value of a cookie; CMSWEB puts words of its own before, which no cookie parser likes."""
    for part in header.split(";"):
        key, _, value = part.strip().partition("=")
        if key == name:
            return value
    return None
