"""`/utils/...` of fff_web: logs of jobs, signals to them, dropping documents, and the socket of the playback player."""

from __future__ import annotations

import json
import re

from aiohttp import web

from . import host_documents
from .jobs import Job
from .responses import CORS, SITE, is_cmsweb, make_response, require_cookie, store_of
from .site import Site
from .system import System

SIGNALS = (9, 15, 11, 3, 2, 12)
PLAYER_COMMANDS = ("status", "restart", "next_run", "next_lumi", "make_it_crash")


def _find_job(site: Site, id: str) -> tuple[System, Job] | None:
    return next(((system, system.jobs[id]) for system in site.systems.values() if id in system.jobs), None)


@require_cookie
async def _show_log(request: web.Request) -> web.StreamResponse:
    """The whole log file, including bytes that are not valid UTF-8."""
    site = request.app[SITE]
    id = request.match_info["id"]
    document = store_of(request).stored[id]
    file = document.document.get("stdout_fn")
    if not file:
        return make_response("Log entry not found, invalid esMonitoring.py?", status=500)
    if not file.startswith("/var/log/hltd/pid/") or "/.." in file:
        return make_response("Log file is in a weird location, access denied.", status=401)
    found = _find_job(site, id)
    if not found:
        return make_response(f"Log file is missing: {file}", status=404)
    log = "".join(found[1].lines).encode("utf-8", "surrogateescape")
    return make_response(log, "text/plain; charset=UTF-8")


@require_cookie
async def _kill(request: web.Request) -> web.StreamResponse:
    if is_cmsweb(request):
        return make_response("")
    arguments = json.loads(await request.read())
    found = _find_job(request.app[SITE], request.match_info["id"])
    if not found or found[1].host != store_of(request).host:
        return make_response("Process not found.", status=404)
    system, job = found
    if job.pid != int(arguments["pid"]):
        return make_response("Process and pid not found.", status=404)
    if not job.alive:
        return make_response("Process already died.", status=404)
    if int(arguments["signal"]) not in SIGNALS:
        return make_response("Invalid signal number.", status=500)
    system.end_job(job, -int(arguments["signal"]))
    return make_response("Process killed, kill exit_code: 0")


@require_cookie
async def _drop(request: web.Request) -> web.StreamResponse:
    if is_cmsweb(request):
        return make_response("")
    ids = json.loads(await request.read())["ids"]
    store_of(request).drop(ids)
    return make_response(f"Deleted {len(ids)} rows!")


@require_cookie
async def _control_command(request: web.Request) -> web.StreamResponse:
    """A command to the playback player. (With Python 3 all of them fail in the original.)"""
    site = request.app[SITE]
    name, command = request.match_info["name"], request.match_info["command"]
    if not re.fullmatch(r"\w+\.fff_simulator", name) or command not in PLAYER_COMMANDS:
        return make_response("Invalid command, access denied.", status=401)
    system = site.systems["playback"]
    if name != system.socket:
        raise ConnectionRefusedError(name)
    if site.faults.broken_commands:
        raise TypeError("a bytes-like object is required, not 'str'")
    return make_response(_player_response(system, command), headers=CORS)


def _player_response(system: System, command: str) -> str:
    """The response of the player to a line on its socket."""
    if not system.runs:
        return "no active run\n"
    run = system.runs[-1]
    if command == "status":
        return json.dumps(host_documents.playback(system.bu, 8067, run, system.config, system.socket))
    if command == "make_it_crash":
        return f"run{run.number}: error: unknown command\n"
    if not system.run:
        return f"run{run.number}: error: invalid state stopped\n"
    if command == "next_lumi":
        run.deliver()
        return f"run{run.number}: ok: next lumi will be {run.last_lumi}\n"
    system.start_configured_run()
    return f"run{run.number}: ok: changed state to eor\n"


ROUTES = [
    web.get("/utils/show_log/{id}", _show_log),
    web.post("/utils/show_log/{id}", _show_log),
    web.post("/utils/kill_proc/{id}", _kill),
    web.post("/utils/drop_ids", _drop),
    web.post("/utils/control_command/{name}/{command}", _control_command),
]
