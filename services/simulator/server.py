"""The web server of the stand-in P5: the addresses of fff_web, with their content types and status codes."""

from __future__ import annotations

import asyncio
import json
import logging
import time
from collections.abc import Iterable
from typing import Any

from aiohttp import WSMsgType, web

from . import control, control_room, tools
from .answers import CORS, JSON, SITE, TEXT, Handler, checked, critical, outside, reply
from .machines import GATEWAY
from .site import Site, machine
from .store import Header, Store, header_messages

PUSHES_WAITING = 1000
"""A reader of the websocket that is so many messages behind is let go."""

REDIRECT_S = 5.0
"""So long the gateway waits for another host."""

UPLOAD_BYTES = 256 << 20

BODY_RECORDED = 2000
"""So much of the body of a request is in the record."""

log = logging.getLogger("simulator")


def application(site: Site) -> web.Application:
    """The web server for a site; it does not run the site's clock."""
    app = web.Application(middlewares=[_guard], client_max_size=UPLOAD_BYTES)
    app[SITE] = site
    app.add_routes(
        [
            web.get("/", _index), web.get("/login", _login), web.get("/info", _info), web.get("/static/{path:.*}", _static),
            web.get("/sync", _sync), web.post("/sync_proxy", _sync_proxy), web.post("/redirect", _redirect), web.post("/_upload/", _upload),
            web.options("/sync_proxy", _options), web.options("/redirect", _options), web.get("/cr/exe", _control_room),
        ]
    )  # fmt: skip
    app.add_routes(tools.ROUTES)
    app.add_routes(control.ROUTES)
    return app


@web.middleware
async def _guard(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Record each request, let faults happen, and answer what goes wrong as the original does."""
    site = request.app[SITE]
    if request.path.startswith("/_simulator"):
        response = await handler(request)
        site.save()
        return response
    row: dict[str, Any] = {"at": time.time(), "method": request.method, "path": request.path, "query": dict(request.query)}
    row |= {"host": request.host, "body": "", "status": 0}
    site.requests.append(row)
    if site.faults.gateway_down:
        hang_up(request)
        return web.Response()
    row["body"] = (await request.read())[:BODY_RECORDED].decode(errors="replace")
    if delay := site.faults.slow_s.get(GATEWAY):
        await asyncio.sleep(delay)
    try:
        response = await handler(request)
    except web.HTTPClientError as error:
        response = reply(f"<h1>Error: {error.status} {error.reason}</h1>", status=error.status)
    except web.HTTPException as answer:
        response = answer
    except Exception as error:  # whatever it is, the original answers it so
        log.info("%s %s: %r", request.method, request.path, error, exc_info=True)
        response = critical(request)
    site.save()
    row["status"] = response.status
    return response


def hang_up(request: web.Request) -> None:
    """Close the connection without another word."""
    if request.transport:
        request.transport.abort()


@checked
async def _index(request: web.Request) -> web.StreamResponse:
    prefix = "/dqm/dqm-square-origin" if outside(request) else ""
    raise web.HTTPSeeOther(f"{request.scheme}://{request.host}{prefix}/static/index.html")


@checked
async def _static(request: web.Request) -> web.StreamResponse:
    if request.match_info["path"] != "index.html":
        raise web.HTTPNotFound
    return reply("<!doctype html><title>DQM^2</title><p>A stand-in for DQM^2: the site itself is not here, its protocol is.</p>\n")


async def _login(request: web.Request) -> web.StreamResponse:
    return reply("<p>Welcome! You are not logged in.</p>")


@checked
async def _info(request: web.Request) -> web.StreamResponse:
    site = request.app[SITE]
    host = site.store_at(request.host).host
    cluster: dict[str, Any] = {"_all": control_room.nodes(site)}
    for label, machines in cluster["_all"].items():
        if f"{host}.cms" in machines:
            cluster |= {"node": host, "nodes": machines, "label": label}
    size = sum(len(stored.text) for stored in site.store_at(request.host).stored.values())
    answer = {"hostname": host, "timestamp": site.timeline.now, "cluster": cluster, "db_size": size}
    return reply(json.dumps(answer), JSON)


async def _upload(request: web.Request) -> web.StreamResponse:
    if outside(request):
        return reply("")
    site = request.app[SITE]
    documents = json.loads(await request.read())["docs"]
    texts = [json.loads(document) if isinstance(document, str) else document for document in documents]
    site.store_at(request.host).upload(texts, site.timeline.now)
    return reply("")


async def _options(request: web.Request) -> web.StreamResponse:
    return reply("", headers=CORS)


async def _sync_proxy(request: web.Request) -> web.StreamResponse:
    site = request.app[SITE]
    store = site.store_at(request.host)
    if store.host in site.faults.down:
        raise ConnectionRefusedError(store.host)
    return proxied(site, store, await request.read(), JSON)


async def _redirect(request: web.Request) -> web.StreamResponse:
    """Ask another host, as the gateway does; a host or port that does not answer is an error."""
    site = request.app[SITE]
    host = machine(request.query["path"])
    delay = site.faults.slow_s.get(host, 0) if host != GATEWAY else 0
    await asyncio.sleep(min(delay, REDIRECT_S))
    if delay >= REDIRECT_S or host in site.faults.down or request.query["port"] != "9215":
        raise ConnectionRefusedError(host)
    return proxied(site, site.stores[host], await request.read(), TEXT)


def proxied(site: Site, store: Store, body: bytes, kind: str) -> web.Response:
    """The answer of /sync_proxy to a body, with what faults make of it."""
    if garbled := site.faults.garble.get(store.host):
        status, nonsense = garbled.pop()
        return reply(nonsense, kind, status, CORS)
    found: list[str] = []
    for message in json.loads(body).get("messages", []):
        if '"request_documents"' in message:
            lose(site, store, json.loads(message)["ids"])
        found += store.answers(message)
    text = json.dumps({"messages": found})
    cut = site.faults.take(site.faults.truncate, store.host)
    return reply(text[: len(text) // 2] if cut else text, kind, headers=CORS)


def lose(site: Site, store: Store, ids: list[str]) -> None:
    """Let documents vanish after their headers were sent, if a fault says so."""
    for id in ids:
        if id in store.stored and site.faults.take(site.faults.vanish, store.host):
            store.drop([id])


async def _sync(request: web.Request) -> web.StreamResponse:
    """The websocket: the same messages as /sync_proxy, and after the first sync_request every upload as it comes."""
    site = request.app[SITE]
    store = site.store_at(request.host)
    if store.host in site.faults.down:
        raise ConnectionRefusedError(store.host)
    socket = web.WebSocketResponse()
    await socket.prepare(request)
    waiting: asyncio.Queue[str] = asyncio.Queue(PUSHES_WAITING)
    sender = asyncio.create_task(_send(socket, waiting))

    def push(headers: list[Header]) -> None:
        put(header_messages(headers))

    def put(messages: Iterable[str]) -> None:
        try:
            for message in messages:
                waiting.put_nowait(message)
        except asyncio.QueueFull:
            hang_up(request)

    try:
        async for message in socket:
            if message.type is WSMsgType.TEXT:
                put(store.answers(message.data))
                if '"sync_request"' in message.data and push not in store.listeners:
                    store.listeners.append(push)
    finally:
        sender.cancel()
        if push in store.listeners:
            store.listeners.remove(push)
    return socket


async def _send(socket: web.WebSocketResponse, waiting: asyncio.Queue[str]) -> None:
    try:
        while True:
            await socket.send_str(await waiting.get())
    finally:
        await socket.close()


@checked
async def _control_room(request: web.Request) -> web.StreamResponse:
    return control_room.answer(request.app[SITE], dict(request.query))
