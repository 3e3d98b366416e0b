"""Web server of the simulated P5: the addresses of fff_web with their content types and status codes."""

from __future__ import annotations

import asyncio
import json
import logging
import time
from collections.abc import Iterable
from typing import Any

from aiohttp import WSMsgType, web

from . import control_room, simulator_api, utils_api
from .machines import GATEWAY
from .responses import CORS, JSON, SITE, TEXT, Handler, critical_error, is_cmsweb, make_response, require_cookie, store_of
from .site import Site, host_name
from .store import DocumentStore, Header, header_messages

MAX_QUEUED_MESSAGES = 1000
"""A websocket client that is this many messages behind is disconnected."""

REDIRECT_S = 5.0
"""Timeout of the gateway for another host."""

MAX_UPLOAD_BYTES = 256 << 20

MAX_RECORDED_BODY = 2000
"""Bytes of a request body in the record of requests."""

log = logging.getLogger("simulator")


def application(site: Site) -> web.Application:
    """The web application of a site; it does not run the clock of the site."""
    app = web.Application(middlewares=[_middleware], client_max_size=MAX_UPLOAD_BYTES)
    app[SITE] = site
    app.add_routes([*_routes(), *utils_api.ROUTES, *simulator_api.ROUTES])
    return app


def _routes() -> list[web.RouteDef]:
    return [
        web.get("/", _index),
        web.get("/login", _login),
        web.get("/info", _info),
        web.get("/static/{path:.*}", _static),
        web.get("/sync", _sync),
        web.post("/sync_proxy", _sync_proxy),
        web.options("/sync_proxy", _options),
        web.post("/redirect", _redirect),
        web.options("/redirect", _options),
        web.post("/_upload/", _upload),
        web.get("/cr/exe", _control_room),
    ]


@web.middleware
async def _middleware(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Record the request, apply faults of the gateway, and turn errors into the responses of the original."""
    site = request.app[SITE]
    if request.path.startswith("/_simulator"):
        response = await handler(request)
        site.save()
        return response
    row: dict[str, Any] = {"at": time.time(), "method": request.method, "path": request.path, "query": dict(request.query)}
    row |= {"host": store_of(request).host, "body": "", "status": 0}
    site.requests.append(row)
    if site.faults.gateway_down:
        abort_connection(request)
        return web.Response()
    row["body"] = (await request.read())[:MAX_RECORDED_BODY].decode(errors="replace")
    if delay := site.faults.slow_s.get(GATEWAY):
        await asyncio.sleep(delay)
    try:
        response = await handler(request)
    except web.HTTPClientError as error:
        response = make_response(f"<h1>Error: {error.status} {error.reason}</h1>", status=error.status)
    except web.HTTPException as redirection:
        response = redirection
    except Exception as error:  # as in the original, for any error
        log.info("%s %s: %r", request.method, request.path, error, exc_info=True)
        response = critical_error(request)
    site.save()
    row["status"] = response.status
    return response


def abort_connection(request: web.Request) -> None:
    """Close the connection without a response."""
    if request.transport:
        request.transport.abort()


@require_cookie
async def _index(request: web.Request) -> web.StreamResponse:
    prefix = "/dqm/dqm-square-origin" if is_cmsweb(request) else ""
    raise web.HTTPSeeOther(f"{request.scheme}://{request.host}{prefix}/static/index.html")


@require_cookie
async def _static(request: web.Request) -> web.StreamResponse:
    if request.match_info["path"] != "index.html":
        raise web.HTTPNotFound
    return make_response("<!doctype html><title>DQM^2</title><p>This simulator implements the protocol of DQM^2, but not its site.</p>\n")


async def _login(request: web.Request) -> web.StreamResponse:
    return make_response("<p>Welcome! You are not logged in.</p>")


@require_cookie
async def _info(request: web.Request) -> web.StreamResponse:
    site = request.app[SITE]
    host = store_of(request).host
    cluster: dict[str, Any] = {"_all": control_room.cluster_hosts(site)}
    for label, machines in cluster["_all"].items():
        if f"{host}.cms" in machines:
            cluster |= {"node": host, "nodes": machines, "label": label}
    size = sum(len(stored.text) for stored in store_of(request).stored.values())
    info = {"hostname": host, "timestamp": site.event_queue.now, "cluster": cluster, "db_size": size}
    return make_response(json.dumps(info), JSON)


async def _upload(request: web.Request) -> web.StreamResponse:
    if is_cmsweb(request):
        return make_response("")
    site = request.app[SITE]
    documents = json.loads(await request.read())["docs"]
    texts = [json.loads(document) if isinstance(document, str) else document for document in documents]
    store_of(request).upload(texts, site.event_queue.now)
    return make_response("")


async def _options(request: web.Request) -> web.StreamResponse:
    return make_response("", headers=CORS)


async def _sync_proxy(request: web.Request) -> web.StreamResponse:
    site = request.app[SITE]
    store = store_of(request)
    if store.host in site.faults.down:
        raise ConnectionRefusedError(store.host)
    return sync_response(site, store, await request.read(), JSON)


async def _redirect(request: web.Request) -> web.StreamResponse:
    """Pass a request on to another host, as the gateway does; an unreachable host or port is an error."""
    site = request.app[SITE]
    host = host_name(request.query["path"])
    delay = site.faults.slow_s.get(host, 0) if host != GATEWAY else 0
    await asyncio.sleep(min(delay, REDIRECT_S))
    if delay >= REDIRECT_S or host in site.faults.down or request.query["port"] != "9215":
        raise ConnectionRefusedError(host)
    return sync_response(site, site.stores[host], await request.read(), TEXT)


def sync_response(site: Site, store: DocumentStore, body: bytes, content_type: str) -> web.Response:
    """The response of /sync_proxy to a body, with the faults of the host."""
    if garbled := site.faults.garble.get(store.host):
        status, garbage = garbled.pop()
        return make_response(garbage, content_type, status, CORS)
    messages: list[str] = []
    for message in json.loads(body).get("messages", []):
        if '"request_documents"' in message:
            drop_vanishing(site, store, json.loads(message)["ids"])
        messages += store.handle_message(message)
    text = json.dumps({"messages": messages})
    cut = site.faults.should_fail(site.faults.truncate, store.host)
    return make_response(text[: len(text) // 2] if cut else text, content_type, headers=CORS)


def drop_vanishing(site: Site, store: DocumentStore, ids: list[str]) -> None:
    """Drop requested documents if the fault `vanish` is on."""
    for id in ids:
        if id in store.stored and site.faults.should_fail(site.faults.vanish, store.host):
            store.drop([id])


async def _sync(request: web.Request) -> web.StreamResponse:
    """The websocket: the same messages as /sync_proxy, and after the first sync_request the headers of each upload."""
    site = request.app[SITE]
    store = store_of(request)
    if store.host in site.faults.down:
        raise ConnectionRefusedError(store.host)
    socket = web.WebSocketResponse()
    await socket.prepare(request)
    outgoing: asyncio.Queue[str] = asyncio.Queue(MAX_QUEUED_MESSAGES)
    sender = asyncio.create_task(_send(socket, outgoing))

    def push(headers: list[Header]) -> None:
        put(header_messages(headers))

    def put(messages: Iterable[str]) -> None:
        try:
            for message in messages:
                outgoing.put_nowait(message)
        except asyncio.QueueFull:
            abort_connection(request)

    try:
        async for message in socket:
            if message.type is WSMsgType.TEXT:
                put(store.handle_message(message.data))
                if '"sync_request"' in message.data and push not in store.listeners:
                    store.listeners.append(push)
    finally:
        sender.cancel()
        if push in store.listeners:
            store.listeners.remove(push)
    return socket


async def _send(socket: web.WebSocketResponse, outgoing: asyncio.Queue[str]) -> None:
    try:
        while True:
            await socket.send_str(await outgoing.get())
    finally:
        await socket.close()


@require_cookie
async def _control_room(request: web.Request) -> web.StreamResponse:
    return await control_room.run_command(request.app[SITE], dict(request.query))
