"""Faults of the stand-ins, one function for each kind. A function returns the response, or None to go on."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from aiohttp import web

LOGIN_PAGE = "<!DOCTYPE html><html><head><title>CERN Single Sign-On</title></head><body><form>Sign in</form></body></html>"
LOGIN_URL = "https://auth.cern.ch/auth/realms/cern/protocol/openid-connect/auth?response_type=code"

FaultResponse = web.StreamResponse | None


async def status(request: web.Request, code: int = 500, body: str = "", retry_after: str = "") -> FaultResponse:
    """A status with a text, as 429 or 500."""
    headers = {"Retry-After": retry_after} if retry_after else {}
    return web.Response(status=code, text=body, headers=headers)


async def login_page(request: web.Request) -> FaultResponse:
    """The sign-in page with status 200."""
    return web.Response(text=LOGIN_PAGE, content_type="text/html")


async def redirect(request: web.Request, to: str = LOGIN_URL) -> FaultResponse:
    """A redirection to the sign-in page."""
    return web.Response(status=302, headers={"Location": to})


async def slow(request: web.Request, seconds: float) -> FaultResponse:
    """The usual answer, late."""
    await asyncio.sleep(seconds)
    return None


async def text(request: web.Request, body: str = '{"data":[{"id":"35', content_type: str = "application/json") -> FaultResponse:
    """Any text with status 200; by default JSON that ends early."""
    return web.Response(text=body, content_type=content_type)


async def close(request: web.Request) -> FaultResponse:
    """The connection ends without an answer."""
    if request.transport:
        request.transport.abort()
    return web.Response()


async def unauthorized(request: web.Request) -> FaultResponse:
    """The token is refused, whatever it is."""
    return web.json_response({"error": "unauthorized", "message": "Token is not active"}, status=401)


async def err(request: web.Request, message: str = "connection to the database was lost", code: int = 500) -> FaultResponse:
    """An error of the Run Registry."""
    return web.json_response({"err": message}, status=code)


KINDS: dict[str, Callable[..., Awaitable[FaultResponse]]] = {
    function.__name__: function for function in (status, login_page, redirect, slow, text, close, unauthorized, err)
}


async def apply(kind: str, request: web.Request, arguments: dict[str, Any]) -> FaultResponse:
    """The response of a fault, or None when the usual one follows."""
    return await KINDS[kind](request, **arguments)
