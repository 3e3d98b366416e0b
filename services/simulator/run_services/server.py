"""Web server of the stand-ins."""

from __future__ import annotations

import inspect
import ipaddress
import json
import time
from collections.abc import Awaitable, Callable
from typing import Any

from aiohttp import web

from . import auth, oms, run_registry
from .faults import KINDS, LOGIN_URL, apply
from .state import SERVICES, Fault, RunServices

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

STATE: web.AppKey[RunServices] = web.AppKey("run_services", RunServices)


def application(services: RunServices) -> web.Application:
    """The web application of the three services."""
    app = web.Application(middlewares=[_middleware])
    app[STATE] = services
    app.add_routes(
        [
            web.post(f"{auth.REALM}/api-access/token", _token),
            web.post(f"{auth.REALM}/protocol/openid-connect/token", _token),
            web.get(f"{oms.BASE}/{{resource}}", _oms),
            web.get(f"{oms.BASE}/{{resource}}/meta", _oms_meta),
            web.post(f"{run_registry.BASE}/{{path:.*}}", _run_registry),
            web.get("/_simulator/record", _record),
            web.post("/_simulator/faults/{service}", _add_fault),
            web.post("/_simulator/runs/{run}", _change_run),
            web.post("/_simulator/state", _change_state),
            web.post("/_simulator/reset", _reset),
        ]
    )
    return app


def _service_of(path: str) -> str:
    return "auth" if path.startswith(auth.REALM) else "oms" if path.startswith(oms.BASE) else "rr"


@web.middleware
async def _middleware(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Record the request, and apply faults."""
    services = request.app[STATE]
    if request.path.startswith("/_simulator"):
        return await _own(request, handler)
    service = _service_of(request.path)
    row: dict[str, Any] = {"at": time.time(), "service": service, "method": request.method, "path": request.path}
    row |= {"query": dict(request.query), "status": 0}
    row["body"] = (await request.read()).decode(errors="replace") if service != "auth" else ""  # never a secret
    services.requests.append(row)
    fault = services.take_fault(service)
    response = await apply(fault.kind, request, fault.arguments) if fault else None
    if response is None:
        response = await handler(request)
    row["status"] = response.status
    return response


async def _own(request: web.Request, handler: Handler) -> web.StreamResponse:
    if "Origin" in request.headers or not ipaddress.ip_address(request.remote or "0.0.0.0").is_loopback:
        raise web.HTTPForbidden
    try:
        return await handler(request)
    except (KeyError, TypeError, ValueError) as error:
        return web.json_response({"message": str(error)}, status=400)


async def _token(request: web.Request) -> web.StreamResponse:
    form = {name: value for name, value in (await request.post()).items() if isinstance(value, str)}
    flow = auth.api_access if request.path.endswith("/api-access/token") else auth.openid_token
    return flow(request.app[STATE], form, request.headers.get("Authorization", ""))


def _refusal(request: web.Request, audience: str) -> web.Response | None:
    """Without a token the proxy in front leads to the sign-in page; a token that is not accepted is 401."""
    header = request.headers.get("Authorization", "")
    if not header:
        return web.Response(status=302, headers={"Location": LOGIN_URL})
    if not request.app[STATE].is_valid(header.removeprefix("Bearer "), audience):
        return web.json_response({"error": "unauthorized", "message": "Token is not active"}, status=401)
    return None


async def _oms(request: web.Request) -> web.StreamResponse:
    services = request.app[STATE]
    return _refusal(request, services.options.oms_audience) or oms.answer(services, request.match_info["resource"], request.query)


async def _oms_meta(request: web.Request) -> web.StreamResponse:
    return _refusal(request, request.app[STATE].options.oms_audience) or oms.meta(request.match_info["resource"])


async def _run_registry(request: web.Request) -> web.StreamResponse:
    services = request.app[STATE]
    if refusal := _refusal(request, services.options.rr_audience):
        return refusal
    try:
        body = json.loads(await request.read())
    except ValueError as error:
        return web.json_response({"err": str(error)}, status=400)
    return run_registry.answer(services, request.match_info["path"], body)


async def _record(request: web.Request) -> web.StreamResponse:
    """All requests, without the bodies of those for tokens."""
    return web.json_response({"requests": list(request.app[STATE].requests), "tokens": len(request.app[STATE].tokens)})


async def _add_fault(request: web.Request) -> web.StreamResponse:
    """`{"kind", "count", ...}`: the next `count` requests of a service are answered so; -1: all; without a kind: none any more."""
    services, name = request.app[STATE], request.match_info["service"]
    if name not in SERVICES:
        raise ValueError(f"Unknown service {name}; known are {', '.join(SERVICES)}")
    body = json.loads(await request.read() or b"{}")
    kind, count = body.pop("kind", ""), body.pop("count", 1)
    if not kind:
        services.faults[name].clear()
        return web.json_response({})
    inspect.signature(KINDS[kind]).bind(request, **body)
    services.faults[name].append((Fault(kind, body), count))
    return web.json_response({"pending": len(services.faults[name])})


async def _change_run(request: web.Request) -> web.StreamResponse:
    """`{"oms": {...} or null, "rr": ..., "units": ..., "lumisections", "datasets", "ranges": ...}`: change a run from now on."""
    number = int(request.match_info["run"])
    request.app[STATE].change(number, json.loads(await request.read()))
    return web.json_response({"run": number})


async def _change_state(request: web.Request) -> web.StreamResponse:
    """`{"life_s", "with_units", "revoke", "times": {run: [start, end]}}`: life of new tokens, units of OMS, all tokens invalid, times of runs."""
    services, body = request.app[STATE], json.loads(await request.read())
    services.life_s = float(body.get("life_s", services.life_s))
    services.with_units = bool(body.get("with_units", services.with_units))
    services.times |= {int(run): (times[0], times[1]) for run, times in body.get("times", {}).items()}
    if body.get("revoke"):
        services.tokens.clear()
    return web.json_response({"life_s": services.life_s})


async def _reset(request: web.Request) -> web.StreamResponse:
    """Forget everything since the start."""
    request.app[STATE].reset()
    return web.json_response({})
