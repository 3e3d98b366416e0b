"""The commands of the control room, `/cr/exe?what=...`: they do to the machines of the stand-in what they do at P5."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping

from aiohttp import web

from .answers import reply
from .machines import CLIENTS, GATEWAY, RELEASES
from .site import Site, machine
from .system import System

Query = Mapping[str, str]
Command = Callable[[Site, Query], str]

PLAYBACK_RUNS = ("run256936", "run349963")
"""The runs that the player has from the start."""
HLTD, FFF = "hltd-2.9.12-0.x86_64", "fff_dqmtools-1.10.1-1.noarch"
RESTART_FFF_S = 5.0

BROKEN = {
    "start_playback_run": "a bytes-like object is required, not 'str'",
    "restart_hltd": "module 'bottle' has no attribute 'status'",
    "restart_fff": "module 'bottle' has no attribute 'status'",
}
"""Commands that the original takes and answers with an error. Nothing is restarted; of a new run the configuration is written, and no more."""

NEVER_MADE = ("get_production_runs", "copy_production_runs")
"""Commands that the pages of the original have, and its machines do not know."""


def answer(site: Site, query: Query) -> web.Response:
    """Carry out a command; an unknown one, or one that failed, is answered by status 500 and a text that says so."""
    what = query.get("what", "")
    if site.faults.command_answers:
        status, nonsense = site.faults.command_answers.pop(0)
        return reply(nonsense, status=status)
    command = COMMANDS.get(what)
    if not command or (site.faults.broken_commands and what in NEVER_MADE):
        return reply(f"No actions defined for request {what}", status=500)
    if what == "get_cluster_status" and not _cluster(site, query.get("cluster", "playback")):
        names = [name.partition("_")[0] for name in site.clusters]
        text = json.dumps(f"Cluster {query['cluster']} does not exist. Possible values: {names}")
        return reply(text, status=404)
    broken = site.faults.broken_commands and what in BROKEN
    try:
        if broken and what == "start_playback_run":
            _configure(site, query)
        return reply(f"cr_api@{what}: error: {BROKEN[what]}", status=500) if broken else reply(command(site, query))
    except (KeyError, ValueError) as error:
        return reply(f"cr_api@{what}: error: {error}", status=500)


def nodes(site: Site) -> dict[str, list[str]]:
    """The clusters with their machines, by their names in the network of P5."""
    return {cluster: [f"{host}.cms" for host in machines] for cluster, machines in site.clusters.items()}


def _cluster(site: Site, name: str) -> list[str]:
    return next((machines for cluster, machines in nodes(site).items() if cluster.partition("_")[0] == name), [])


def _machines(site: Site, query: Query) -> str:
    kind = query.get("kind")
    if not kind:
        return json.dumps(nodes(site))
    return json.dumps(next((machines for cluster, machines in nodes(site).items() if kind in cluster), []))


def _versions(package: str) -> Command:
    def versions(site: Site, query: Query) -> str:
        return json.dumps({cluster: dict.fromkeys(machines, package) for cluster, machines in nodes(site).items()})

    return versions


def _cluster_status(site: Site, query: Query) -> str:
    refused = {"up": False, "msg": "ConnectionRefusedError(111, 'Connection refused')"}
    machines = _cluster(site, query.get("cluster", "playback"))
    return json.dumps({host: refused if machine(host) in site.faults.down else {"up": True, "msg": None} for host in machines})


def _release(site: Site, query: Query) -> str:
    text = ""
    for name, system in site.systems.items():
        folder = system.runs[-1].release if system.runs else RELEASES[0]
        version, *requests = folder.partition("CMSSW_")[2].split("_391")[0], *folder.split("_")[-2:]
        text += f"\n<strong>{name.capitalize()}:</strong>\nCMSSW_{version}\n" + "".join(f"{number} ok\n" for number in requests)
        text += "GlobalTag: 124X_dataRun3_HLT_v4\n"
    return text


def _config(site: Site, query: Query) -> str:
    return json.dumps(_player(site, query).config)


def _player(site: Site, query: Query) -> System:
    return site.system_of(machine(query.get("host", GATEWAY)))


def _runs(site: Site, query: Query) -> str:
    """As `ls` lists them: the end of the last line makes an empty name."""
    return json.dumps([*sorted([*PLAYBACK_RUNS, *_player(site, query).copied]), ""])


def _configure(site: Site, query: Query) -> System:
    """Set what was given in the configuration of the player."""
    system = _player(site, query)
    given = {"source": f"/fff/playback_files/{query['run_number']}/"} if query.get("run_number") else {}
    given |= {"run_key": query["run_key"]} if query.get("run_key") else {}
    lumis = int(query.get("number_of_ls") or 0)
    if query.get("run_number") and query["run_number"] not in (*PLAYBACK_RUNS, *system.copied):
        raise ValueError(f"no such run: {query['run_number']}")
    system.config.update(given, **({"number_of_ls": lumis} if lumis else {}))
    return system


def _start_run(site: Site, query: Query) -> str:
    """Set what was given, end the run of playback, begin the next."""
    _configure(site, query).start_configured_run()
    return "start_playback_run Ok"


def _taken(site: Site) -> list[str]:
    """The runs of production that can be copied."""
    return [f"run{run.number}" for run in site.systems["production"].runs]


def _copy_run(site: Site, query: Query) -> str:
    """Give the player files of a run of production; the original has a page for it, and nothing behind."""
    run, player = query["run_number"], site.systems["playback"]
    if run not in _taken(site):
        raise ValueError(f"no such run: {run}")
    player.copied = sorted({*player.copied, run})
    return "Ok"


def _restart_hltd(site: Site, query: Query) -> str:
    host = machine(query["host"])
    site.system_of(host).restart_hltd(host)
    return "Ok"


def _restart_fff(site: Site, query: Query) -> str:
    """The tools of a host begin again with other process numbers, and do not answer for some seconds."""
    host = machine(query["host"])
    site.pids[host] += 1000
    site.faults.down.add(host)
    site.timeline.after(RESTART_FFF_S, lambda: site.faults.down.discard(host))
    return "Ok"


def _hltd_logs(site: Site, query: Query) -> str:
    host = machine(query["host"])
    jobs = site.system_of(host).jobs_of(host=host)
    lines = [f"INFO:root:{host} started {job.client.tag} for run {job.run.number} with pid {job.pid}" for job in jobs]
    return json.dumps(["\n".join(lines), f"INFO:anelastic:{host}: nothing to do"])


def _fff_logs(site: Site, query: Query) -> str:
    host = machine(query["host"])
    return json.dumps([f"INFO fff_web {host}.cms: {len(site.stores[host].stored)} documents, started with pid {site.pids[host]}\n"])


def _clients(site: Site, query: Query) -> str:
    host = machine(query["host"])
    system = site.system_of(host)
    return json.dumps(sorted([f"{client.tag}_cfg.py", (host, client.tag) not in system.off] for client in CLIENTS))


def _change_client(site: Site, query: Query) -> str:
    """Have a client run or not run on a host, from the next run on."""
    host, tag = machine(query["host"]), query["client"].removesuffix("_cfg.py")
    system = site.system_of(host)
    if tag not in {client.tag for client in CLIENTS}:
        return f"No such client: {query['client']}"
    if query.get("state", "0") == "0":
        system.off.add((host, tag))
    else:
        system.off.discard((host, tag))
    return "Ok"


COMMANDS: dict[str, Command] = {
    "get_dqm_machines": _machines,
    "get_hltd_versions": _versions(HLTD),
    "get_fff_versions": _versions(FFF),
    "get_cmssw_info": _release,
    "get_simulator_config": _config,
    "get_simulator_runs": _runs,
    "get_production_runs": lambda site, query: json.dumps(_taken(site)),
    "copy_production_runs": _copy_run,
    "start_playback_run": _start_run,
    "restart_hltd": _restart_hltd,
    "restart_fff": _restart_fff,
    "get_hltd_logs": _hltd_logs,
    "get_fff_logs": _fff_logs,
    "get_dqm_clients": _clients,
    "change_dqm_client": _change_client,
    "get_cluster_status": _cluster_status,
}
