"""What tests can have happen at the stand-in P5 at any moment, one function for each; all arguments come as JSON."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .jobs import Job
from .machines import GATEWAY
from .runs import Fate, Plan
from .site import Site
from .store import Document

Answer = dict[str, Any]


def _host(site: Site, host: str) -> str:
    if host not in site.stores:
        raise ValueError(f"no host {host}; there are {', '.join(site.stores)}")
    return host


def host_down(site: Site, host: str, on: bool = True) -> Answer:
    """The web server of a host answers nobody."""
    (site.faults.down.add if on else site.faults.down.discard)(_host(site, host))
    return {"down": sorted(site.faults.down)}


def gateway_down(site: Site, on: bool = True) -> Answer:
    """The gateway closes each connection without an answer; only /_simulator is still there."""
    site.faults.gateway_down = on
    return {"gateway_down": on}


def slow(site: Site, seconds: float, host: str = GATEWAY) -> Answer:
    """A host answers so late; the gateway waits 5 s for the others, and nobody's patience is known to it."""
    site.faults.slow_s[_host(site, host)] = seconds
    return {"slow": site.faults.slow_s}


def truncate(site: Site, host: str, count: int = 1) -> Answer:
    """The next answers about a host end in the middle of the JSON."""
    site.faults.truncate[_host(site, host)] = count
    return {"truncate": site.faults.truncate}


def garble(site: Site, host: str, count: int = 1, status: int = 200, body: str = "<html>Sign in</html>", hex: str = "") -> Answer:
    """The next answers about a host are these; `hex` gives bytes that are no text."""
    answer = status, bytes.fromhex(hex) or body.encode()
    site.faults.garble[_host(site, host)] = [answer] * count
    return {"garble": host}


def answer_commands(site: Site, body: str, status: int = 200, repeat: int = 1, count: int = 1) -> Answer:
    """The next commands and questions of the control room are not carried out, and answered by this text, so often repeated."""
    site.faults.command_answers = [(status, body.encode() * repeat)] * count
    return {"answers": count}


def vanish(site: Site, host: str, count: int = 1) -> Answer:
    """The next documents of a host that are asked for are dropped before, after their headers were sent."""
    site.faults.vanish[_host(site, host)] = count
    return {"vanish": site.faults.vanish}


def broken_commands(site: Site, on: bool = True) -> Answer:
    """The commands that are broken in the original are broken here."""
    site.faults.broken_commands = on
    return {"broken_commands": on}


def reset_revisions(site: Site, host: str) -> Answer:
    """A host forgets its documents and counts revisions from 1, as after an upgrade."""
    site.stores[_host(site, host)].reset()
    return {"generation": site.stores[host].generation}


def upload(site: Site, host: str, documents: list[Document]) -> Answer:
    """A host is sent these documents."""
    headers = site.stores[_host(site, host)].upload(documents, site.timeline.now)
    return {"headers": headers}


def backlog(site: Site, host: str, count: int, first_run: int = 300000) -> Answer:
    """A host has so many documents of old runs besides, 25 in each run."""
    now = site.timeline.now
    documents = [_old_document(host, first_run + number // 25, number, now) for number in range(count)]
    headers = site.stores[_host(site, host)].upload(documents, now)
    return {"rev": [headers[0]["_rev"], headers[-1]["_rev"]] if headers else []}


def _old_document(host: str, run: int, pid: int, now: float) -> Document:
    tag = f"old{pid % 25:02d}_dqm_sourceclient-live"
    id = f"dqm-source-state-run{run:06d}-host{host}-pid{pid:06d}"
    path = f"/dqm_cmssw/production_CMSSW_11_0_0/src/DQM/Integration/python/clients/{tag}_cfg.py"
    document: Document = {"hostname": host, "sequence": 0, "cmdline": ["cmsRun", path, f"runNumber={run}", "runkey=pp_run"], "pid": pid}
    document |= {"type": "dqm-source-state", "tag": tag, "run": run, "_id": id, "report_timestamp": now - 86400 * 30 + pid}
    document |= {
        "extra": {"stdlog_start": ["-- starting --\n"], "stdlog_end": ["\n-- process exit: 0 --\n"], "ps_info": {"VmRSS": "400000 kB"}}
    }
    return document | {"cmssw_run": str(run), "cmssw_lumi": "10", "events_total": str(pid), "fi_state": "2", "exit_code": 0}


def start_run(
    site: Site, system: str = "production", key: str = "pp_run", lumis: int = 100, clients: bool = True, release: int = 0,
    fates: dict[str, dict[str, Any]] | None = None,
) -> Answer:  # fmt: skip
    """A run begins now; a run that goes on ends. `fates` says by tag what befalls clients: {"kind": "crash", "lumi": 3, "code": 65}."""
    plan = Plan(key, lumis, {tag: Fate(**fate) for tag, fate in (fates or {}).items()}, clients, release)
    return {"run": site.systems[system].start_run(plan).number}


def end_run(site: Site, system: str = "production", follow: bool = True) -> Answer:
    """The run ends; the script's next one follows, or none."""
    ended = site.systems[system].run
    site.systems[system].end_run(follow)
    return {"run": ended.number if ended else None}


def _jobs(site: Site, system: str, tag: str) -> list[Job]:
    found = [job for job in site.systems[system].jobs_of() if job.client.tag.startswith(tag)]
    if not found:
        raise ValueError(f"no job of {tag} is alive in {system}")
    return found


def crash(site: Site, tag: str, code: int = 134, restart: bool = True, system: str = "production") -> Answer:
    """Jobs of a client (the start of its tag) end with an exit code."""
    jobs = _jobs(site, system, tag)
    for job in jobs:
        site.systems[system].end_job(job, code, restart)
    return {"ids": [job.id for job in jobs]}


def stick(site: Site, tag: str, on: bool = True, system: str = "production") -> Answer:
    """Jobs of a client report no more, without an exit code; or report again."""
    jobs = _jobs(site, system, tag)
    for job in jobs:
        job.silent = on
    return {"ids": [job.id for job in jobs]}


def say(site: Site, tag: str, lines: list[str], system: str = "production") -> Answer:
    """Jobs of a client write lines into their logs and report; a line break belongs to a line."""
    jobs = _jobs(site, system, tag)
    for job in jobs:
        job.lines += lines
        site.systems[system].send(job)
    return {"ids": [job.id for job in jobs]}


def omit(site: Site, tag: str, keys: list[str], system: str = "production") -> Answer:
    """The documents of a client lack some keys from now on, such as cmdline."""
    jobs = _jobs(site, system, tag)
    for job in jobs:
        job.without |= set(keys)
        site.systems[system].send(job)
    return {"ids": [job.id for job in jobs]}


INCIDENTS: dict[str, Callable[..., Answer]] = {
    act.__name__: act
    for act in (
        host_down, gateway_down, slow, truncate, garble, answer_commands, vanish, broken_commands, reset_revisions, upload, backlog,
        start_run, end_run, crash, stick, say, omit,
    )
}  # fmt: skip
