"""`/_simulator/...`: addresses of the simulator itself, for tests that inspect it and cause incidents. Loopback only."""

from __future__ import annotations

import hashlib
import inspect
import ipaddress
import json
from collections.abc import Callable
from typing import Any

from aiohttp import web

from . import incidents
from .control_room import release_parts
from .responses import SITE, Handler


def _loopback(handler: Handler) -> Handler:
    async def checked_handler(request: web.Request) -> web.StreamResponse:
        is_cross_site = "Origin" in request.headers  # a page of another site in a browser on this machine
        if is_cross_site or not ipaddress.ip_address(request.remote or "0.0.0.0").is_loopback:
            raise web.HTTPForbidden
        return await handler(request)

    return checked_handler


@_loopback
async def _status(request: web.Request) -> web.StreamResponse:
    """The time, the runs with their conditions, and the running jobs."""
    site = request.app[SITE]
    systems = {
        name: {
            "run": system.run.number if system.run else None,
            "lumi": system.run.last_lumi if system.run else None,
            "lumis": system.run.plan.lumis if system.run else None,
            "runs": [run.number for run in system.runs],
            "conditions": [
                {"run": run.number, "started": run.started, "release": release_parts(run.release)[0], "key": run.plan.key}
                for run in system.runs
            ],
            "jobs": [
                {"id": job.id, "tag": job.client.tag, "lumi": job.lumi, "attempt": job.attempt, "silent": job.silent}
                for job in system.jobs_of()
            ],
        }
        for name, system in site.systems.items()
    }
    hosts: dict[str, dict[str, Any]] = {
        host: {"documents": len(store.stored), "generation": store.generation} for host, store in site.stores.items()
    }
    for host, url in site.urls(request.url.port or 80).items():
        hosts[host]["address"] = url
    return web.json_response({"now": site.clock.now(), "played_to": site.event_queue.now, "systems": systems, "hosts": hosts})


@_loopback
async def _documents(request: web.Request) -> web.StreamResponse:
    """All documents since the start at their newest revisions, with the SHA-256 of their text; `?bodies=1` adds the documents."""
    site = request.app[SITE]
    rows = []
    for host, store in site.stores.items():
        for id, (generation, stored) in store.history.items():
            row: dict[str, Any] = {"host": host, "id": id, "rev": stored.header["_rev"], "generation": generation}
            row |= {"there": store.stored.get(id) is stored, "sha256": hashlib.sha256(stored.text.encode()).hexdigest()}
            rows.append(row | ({"document": stored.document} if "bodies" in request.query else {}))
    return web.json_response({"documents": rows, "requests": list(site.requests)})


@_loopback
async def _advance(request: web.Request) -> web.StreamResponse:
    """Set the clock forward by some seconds and process all events up to then."""
    site = request.app[SITE]
    site.clock.advance(float(request.query["seconds"]))
    site.catch_up()
    return web.json_response({"now": site.clock.now()})


@_loopback
async def _incident(request: web.Request) -> web.StreamResponse:
    """Cause or end an incident; the body is a JSON object with its arguments."""
    site = request.app[SITE]
    name = request.match_info["name"]
    incident: Callable[..., Any] | None = incidents.INCIDENTS.get(name)
    if not incident:
        return web.json_response({"message": f"Unknown incident {name}; known are {', '.join(incidents.INCIDENTS)}"}, status=404)
    arguments = json.loads(await request.read() or b"{}")
    try:
        inspect.signature(incident).bind(site, **arguments)
        result = incident(site, **arguments)
    except (TypeError, KeyError, ValueError) as error:
        return web.json_response({"message": f"{name}: {error}"}, status=400)
    return web.json_response(result)


@_loopback
async def _list(request: web.Request) -> web.StreamResponse:
    """The incidents with their arguments."""
    return web.json_response(
        {name: f"{inspect.signature(incident)} {inspect.getdoc(incident)}" for name, incident in incidents.INCIDENTS.items()}
    )


ROUTES = [
    web.get("/_simulator/status", _status),
    web.get("/_simulator/record", _documents),
    web.post("/_simulator/advance", _advance),
    web.get("/_simulator/incidents", _list),
    web.post("/_simulator/incidents/{name}", _incident),
]
