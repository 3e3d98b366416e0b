"""`/utils/...` of fff_web: the log of a job, signals to it, dropping documents, and the socket of the player of old runs."""

from __future__ import annotations

import json
import re

from aiohttp import web

from . import noise
from .answers import CORS, SITE, checked, outside, reply
from .jobs import Job
from .site import Site
from .system import System

SIGNALS = (9, 15, 11, 3, 2, 12)
PLAYER_COMMANDS = ("status", "restart", "next_run", "next_lumi", "make_it_crash")


def _job(site: Site, id: str) -> tuple[System, Job] | None:
    return next(((system, system.jobs[id]) for system in site.systems.values() if id in system.jobs), None)


@checked
async def _show_log(request: web.Request) -> web.StreamResponse:
    """The whole log as the file has it: bytes that are no text, too."""
    site = request.app[SITE]
    id = request.match_info["id"]
    document = site.store_at(request.host).stored[id]
    file = document.document.get("stdout_fn")
    if not file:
        return reply("Log entry not found, invalid esMonitoring.py?", status=500)
    if not file.startswith("/var/log/hltd/pid/") or "/.." in file:
        return reply("Log file is in a weird location, access denied.", status=401)
    found = _job(site, id)
    if not found:
        return reply(f"Log file is missing: {file}", status=404)
    log = "".join(found[1].lines).encode("utf-8", "surrogateescape")
    return reply(log, "text/plain; charset=UTF-8")


@checked
async def _kill(request: web.Request) -> web.StreamResponse:
    if outside(request):
        return reply("")
    given = json.loads(await request.read())
    found = _job(request.app[SITE], request.match_info["id"])
    if not found:
        return reply("Process not found.", status=404)
    system, job = found
    if job.pid != int(given["pid"]):
        return reply("Process and pid not found.", status=404)
    if not job.alive:
        return reply("Process already died.", status=404)
    if int(given["signal"]) not in SIGNALS:
        return reply("Invalid signal number.", status=500)
    system.end_job(job, -int(given["signal"]))
    return reply("Process killed, kill exit_code: 0")


@checked
async def _drop(request: web.Request) -> web.StreamResponse:
    if outside(request):
        return reply("")
    site = request.app[SITE]
    ids = json.loads(await request.read())["ids"]
    site.store_at(request.host).drop(ids)
    return reply(f"Deleted {len(ids)} rows!")


@checked
async def _control_command(request: web.Request) -> web.StreamResponse:
    """A command to the player of old runs. (The original, since Python 3, answers them all with an error.)"""
    site = request.app[SITE]
    name, command = request.match_info["name"], request.match_info["command"]
    if not re.fullmatch(r"\w+\.fff_simulator", name) or command not in PLAYER_COMMANDS:
        return reply("Invalid command, access denied.", status=401)
    system = site.systems["playback"]
    if name != system.socket:
        raise ConnectionRefusedError(name)
    if site.faults.broken_commands:
        raise TypeError("a bytes-like object is required, not 'str'")
    return reply(_tell_player(system, command), headers=CORS)


def _tell_player(system: System, command: str) -> str:
    """What the player answers to a line on its socket."""
    if not system.runs:
        return "no active run\n"
    run = system.runs[-1]
    if command == "status":
        return json.dumps(noise.playback(system.bu, 8067, run, system.config, system.socket))
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
