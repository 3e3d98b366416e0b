"""Incidents that tests can cause at the simulated P5, one function for each. All arguments come from JSON."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .jobs import Job
from .machines import GATEWAY
from .runs import JobFault, RunPlan
from .site import Site
from .store import Document

Result = dict[str, Any]


def _host(site: Site, host: str) -> str:
    if host not in site.stores:
        raise ValueError(f"Unknown host {host}; known are {', '.join(site.stores)}")
    return host


def host_down(site: Site, host: str, on: bool = True) -> Result:
    """The web server of a host is unreachable."""
    (site.faults.down.add if on else site.faults.down.discard)(_host(site, host))
    return {"down": sorted(site.faults.down)}


def gateway_down(site: Site, on: bool = True) -> Result:
    """The gateway closes each connection without a response, except for /_simulator."""
    site.faults.gateway_down = on
    return {"gateway_down": on}


def slow(site: Site, seconds: float, host: str = GATEWAY) -> Result:
    """Responses of a host are delayed. The gateway waits at most 5 s for other hosts."""
    site.faults.slow_s[_host(site, host)] = seconds
    return {"slow": site.faults.slow_s}


def truncate(site: Site, host: str, count: int = 1) -> Result:
    """The next responses of a host end in the middle of the JSON."""
    site.faults.truncate[_host(site, host)] = count
    return {"truncate": site.faults.truncate}


def garble(site: Site, host: str, count: int = 1, status: int = 200, body: str = "<html>Sign in</html>", hex: str = "") -> Result:
    """The next responses of a host are this text, or the bytes in `hex`."""
    response = status, bytes.fromhex(hex) or body.encode()
    site.faults.garble[_host(site, host)] = [response] * count
    return {"garble": host}


def answer_commands(site: Site, body: str, status: int = 200, repeat: int = 1, count: int = 1) -> Result:
    """The next commands and queries of the control room are not executed; the response is `body`, `repeat` times."""
    site.faults.command_answers = [(status, body.encode() * repeat)] * count
    return {"answers": count}


def ssh(site: Site, host: str, state: str = "works") -> Result:
    """The ssh of the gateway to a host `works`, is `refused`, or `hangs`; its web server is not affected."""
    if state not in ("works", "refused", "hangs"):
        raise ValueError(f"Unknown state {state}; known are works, refused, hangs")
    site.faults.ssh.pop(_host(site, host), None)
    if state != "works":
        site.faults.ssh[host] = state
    return {"ssh": site.faults.ssh}


def vanish(site: Site, host: str, count: int = 1) -> Result:
    """The next documents requested from a host are dropped just before, so that only their headers were sent."""
    site.faults.vanish[_host(site, host)] = count
    return {"vanish": site.faults.vanish}


def broken_commands(site: Site, on: bool = True) -> Result:
    """Commands that are broken in the original are broken here, too."""
    site.faults.broken_commands = on
    return {"broken_commands": on}


def reset_revisions(site: Site, host: str) -> Result:
    """A host loses its documents and counts revisions from 1 again, as after an upgrade."""
    site.stores[_host(site, host)].reset()
    return {"generation": site.stores[host].generation}


def upload(site: Site, host: str, documents: list[Document]) -> Result:
    """A host receives documents."""
    headers = site.stores[_host(site, host)].upload(documents, site.event_queue.now)
    return {"headers": headers}


def backlog(site: Site, host: str, count: int, first_run: int = 300000) -> Result:
    """A host receives documents of old runs, 25 for each run."""
    now = site.event_queue.now
    documents = [_make_old_document(host, first_run + number // 25, number, now) for number in range(count)]
    headers = site.stores[_host(site, host)].upload(documents, now)
    return {"rev": [headers[0]["_rev"], headers[-1]["_rev"]] if headers else []}


def _make_old_document(host: str, run: int, pid: int, now: float) -> Document:
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
    site: Site,
    system: str = "production",
    key: str = "pp_run",
    lumis: int = 100,
    clients: bool = True,
    release: int = 0,
    faults: dict[str, dict[str, Any]] | None = None,
) -> Result:
    """A run starts, and the current one ends. `faults` has faults of clients by tag: {"kind": "crash", "lumi": 3, "code": 65}."""
    plan = RunPlan(key, lumis, {tag: JobFault(**fault) for tag, fault in (faults or {}).items()}, clients, release)
    return {"run": site.systems[system].start_run(plan).number}


def end_run(site: Site, system: str = "production", follow: bool = True) -> Result:
    """The current run ends; with `follow` the next run of the scenario starts after a pause."""
    ended = site.systems[system].run
    site.systems[system].end_run(follow)
    return {"run": ended.number if ended else None}


def _running_jobs(site: Site, system: str, tag: str) -> list[Job]:
    found = [job for job in site.systems[system].jobs_of() if job.client.tag.startswith(tag)]
    if not found:
        raise ValueError(f"No job of {tag} is running in {system}")
    return found


def crash(site: Site, tag: str, code: int = 134, restart: bool = True, system: str = "production") -> Result:
    """Jobs of a client (the beginning of its tag) end with an exit code."""
    jobs = _running_jobs(site, system, tag)
    for job in jobs:
        site.systems[system].end_job(job, code, restart)
    return {"ids": [job.id for job in jobs]}


def stick(site: Site, tag: str, on: bool = True, system: str = "production") -> Result:
    """Jobs of a client stop reporting without an exit code, or report again."""
    jobs = _running_jobs(site, system, tag)
    for job in jobs:
        job.silent = on
    return {"ids": [job.id for job in jobs]}


def write_log(site: Site, tag: str, lines: list[str], system: str = "production") -> Result:
    """Jobs of a client write lines to their logs and report. A line includes its line break."""
    jobs = _running_jobs(site, system, tag)
    for job in jobs:
        job.lines += lines
        site.systems[system].upload_report(job)
    return {"ids": [job.id for job in jobs]}


def omit(site: Site, tag: str, keys: list[str], system: str = "production") -> Result:
    """Documents of a client lack some keys, such as cmdline, from now on."""
    jobs = _running_jobs(site, system, tag)
    for job in jobs:
        job.omitted_keys |= set(keys)
        site.systems[system].upload_report(job)
    return {"ids": [job.id for job in jobs]}


INCIDENTS: dict[str, Callable[..., Result]] = {
    incident.__name__: incident
    for incident in (
        *(host_down, gateway_down, slow, truncate, garble, answer_commands, ssh, vanish, broken_commands, reset_revisions, upload, backlog),
        *(start_run, end_run, crash, stick, write_log, omit),
    )
}
