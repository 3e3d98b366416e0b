"""Commands of the control room, `/cr/exe?what=...`, with the same effects on the simulated machines as at P5."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping

from aiohttp import web

from . import ssh
from .machines import CLIENTS, GATEWAY
from .responses import make_response
from .site import Site, host_name
from .system import System

Query = Mapping[str, str]
Command = Callable[[Site, Query], str]

GLOBAL_TAGS = {
    "FrontierCondition_GT_Offline_cfi.py": "124X_dataRun3_Express_v5",
    "FrontierCondition_GT_cfi.py": "124X_dataRun3_HLT_v4",
}
"""Global tags in the configurations of the clients, by file."""

PLAYER_RUNS = ("run256936", "run349963")
"""Runs that the playback player has from the start."""

HLTD_PACKAGE, FFF_PACKAGE = "hltd-2.9.12-0.x86_64", "fff_dqmtools-1.10.1-1.noarch"
RESTART_FFF_S = 5.0

BROKEN_COMMANDS = {
    "start_playback_run": "a bytes-like object is required, not 'str'",
    "restart_hltd": "module 'bottle' has no attribute 'status'",
    "restart_fff": "module 'bottle' has no attribute 'status'",
}
"""Errors of commands that are broken in the original. They have no effect, except that start_playback_run stores the configuration."""

UNKNOWN_COMMANDS = ("get_production_runs", "copy_production_runs")
"""Commands on the pages of the original that its machines do not implement."""


async def run_command(site: Site, query: Query) -> web.Response:
    """Execute a command; status 500 and an error text if it is unknown or fails."""
    await ssh.wait_for_hanging(site, query)
    what = query.get("what", "")
    if site.faults.command_answers:
        status, body = site.faults.command_answers.pop(0)
        return make_response(body, status=status)
    command = COMMANDS.get(what)
    if not command or (site.faults.broken_commands and what in UNKNOWN_COMMANDS):
        return make_response(f"No actions defined for request {what}", status=500)
    if what == "get_cluster_status" and not _hosts_of_cluster(site, query.get("cluster", "playback")):
        names = [name.partition("_")[0] for name in site.clusters]
        text = json.dumps(f"Cluster {query['cluster']} does not exist. Possible values: {names}")
        return make_response(text, status=404)
    broken = site.faults.broken_commands and what in BROKEN_COMMANDS
    try:
        if broken and what == "start_playback_run":
            _configure(site, query)
        return (
            make_response(f"cr_api@{what}: error: {BROKEN_COMMANDS[what]}", status=500) if broken else make_response(command(site, query))
        )
    except (KeyError, ValueError) as error:
        return make_response(f"cr_api@{what}: error: {error}", status=500)


def cluster_hosts(site: Site) -> dict[str, list[str]]:
    """Clusters with the full host names of their machines."""
    return {cluster: [f"{host}.cms" for host in machines] for cluster, machines in site.clusters.items()}


def _hosts_of_cluster(site: Site, name: str) -> list[str]:
    return next((machines for cluster, machines in cluster_hosts(site).items() if cluster.partition("_")[0] == name), [])


def _machines(site: Site, query: Query) -> str:
    kind = query.get("kind")
    if not kind:
        return json.dumps(cluster_hosts(site))
    return json.dumps(next((machines for cluster, machines in cluster_hosts(site).items() if kind in cluster), []))


def _versions(package: str) -> Command:
    def versions(site: Site, query: Query) -> str:
        clusters = cluster_hosts(site).items()
        return json.dumps({cluster: {host: ssh.output(site, host, f"{package}\n") for host in machines} for cluster, machines in clusters})

    return versions


def _cluster_status(site: Site, query: Query) -> str:
    refused = {"up": False, "msg": "ConnectionRefusedError(111, 'Connection refused')"}
    machines = _hosts_of_cluster(site, query.get("cluster", "playback"))
    return json.dumps({host: refused if host_name(host) in site.faults.down else {"up": True, "msg": None} for host in machines})


def _cmssw_info(site: Site, query: Query) -> str:
    """The release of each system, its pull requests with the results of their merges, and its global tags, as `grep` finds them."""
    return "".join(f"\n<strong>{name.capitalize()}:</strong>\n{_release_info(site, name)}" for name in ("playback", "production"))


def _release_info(site: Site, name: str) -> str:
    system = site.systems[name]
    version, numbers = release_parts(system.runs[-1].release if system.runs else system.releases[0])
    requests = "".join(f"\n {number} ok" for number in numbers)
    folder = f"/dqmdata/dqm_cmssw/current_{name}/src/DQM/Integration/python/config"
    tags = "".join(f'{folder}/{file}:GlobalTag.globaltag = "{tag}"\n' for file, tag in GLOBAL_TAGS.items())
    return f"{version}\nPRs :{requests}\nGTs:\n{tags}\n"


def release_parts(folder: str) -> tuple[str, list[str]]:
    """The version of CMSSW and the numbers of the pull requests in the name of a folder."""
    found = re.search(r"(CMSSW_\d+_\d+_\d+(?:_p[a-z]+\d+)?)((?:_\d+)*)$", folder)
    return (found[1], found[2].split("_")[1:]) if found else (folder, [])


def _config(site: Site, query: Query) -> str:
    """The file with the configuration of the player, as start_playback_run writes it. The player does not write its run into it."""
    system = _player(site, query)
    return json.dumps(system.config | {"run": system.configured_run}, sort_keys=True, indent=2)


def _player(site: Site, query: Query) -> System:
    return site.system_of(host_name(query.get("host", GATEWAY)))


def _player_runs(site: Site, query: Query) -> str:
    """Runs of the player as `ls` lists them: the line break at the end adds an empty name."""
    return json.dumps([*sorted([*PLAYER_RUNS, *_player(site, query).copied_runs]), ""])


def _configure(site: Site, query: Query) -> System:
    """Store the arguments of a query in the configuration of the player."""
    system = _player(site, query)
    changes = {"source": f"/fff/playback_files/{query['run_number']}/"} if query.get("run_number") else {}
    changes |= {"run_key": query["run_key"]} if query.get("run_key") else {}
    lumis = int(query.get("number_of_ls") or 0)
    if query.get("run_number") and query["run_number"] not in (*PLAYER_RUNS, *system.copied_runs):
        raise ValueError(f"no such run: {query['run_number']}")
    system.config.update(changes, **({"number_of_ls": lumis} if lumis else {}))
    return system


def _start_playback_run(site: Site, query: Query) -> str:
    """Store the arguments, end the current playback run and start the next one."""
    _configure(site, query).start_configured_run()
    return "start_playback_run Ok"


def _production_runs(site: Site) -> list[str]:
    """Production runs that can be copied."""
    return [f"run{run.number}" for run in site.systems["production"].runs]


def _copy_production_run(site: Site, query: Query) -> str:
    """Copy the files of a production run to the player; the original only has a page for this."""
    run, player = query["run_number"], site.systems["playback"]
    if run not in _production_runs(site):
        raise ValueError(f"no such run: {run}")
    player.copied_runs = sorted({*player.copied_runs, run})
    return "Ok"


def _restart_hltd(site: Site, query: Query) -> str:
    host = host_name(query["host"])
    if host not in site.faults.ssh:
        site.system_of(host).restart_hltd(host)
    return ssh.output(site, query["host"], "") or "Ok"


def _restart_fff(site: Site, query: Query) -> str:
    """Restart the tools of a host: their process numbers change, and the host is unreachable for some seconds."""
    host = host_name(query["host"])
    if host not in site.faults.ssh:
        site.pids[host] += 1000
        site.faults.down.add(host)
        site.event_queue.after(RESTART_FFF_S, lambda: site.faults.down.discard(host))
    return ssh.output(site, query["host"], "") or "Ok"


def _hltd_logs(site: Site, query: Query) -> str:
    host = host_name(query["host"])
    jobs = site.system_of(host).jobs_of(host=host)
    lines = [f"INFO:root:{host} started {job.client.tag} for run {job.run.number} with pid {job.pid}" for job in jobs]
    logs = "\n".join(lines), f"INFO:anelastic:{host}: nothing to do"
    return json.dumps([ssh.output(site, query["host"], log) for log in logs])


def _fff_logs(site: Site, query: Query) -> str:
    host = host_name(query["host"])
    log = f"INFO fff_web {host}.cms: {len(site.stores[host].stored)} documents, started with pid {site.pids[host]}\n"
    return json.dumps([ssh.output(site, query["host"], log)])


def _clients(site: Site, query: Query) -> str:
    """All lines of the output are listed as clients, also those of an error."""
    host = host_name(query["host"])
    system = site.system_of(host)
    names = ssh.output(site, query["host"], "\n".join(f"{client.tag}_cfg.py" for client in CLIENTS)).splitlines()
    off = {f"{tag}_cfg.py" for name, tag in system.disabled_clients if name == host}
    return json.dumps(sorted([name, name not in off and host not in site.faults.ssh] for name in names))


def _change_client(site: Site, query: Query) -> str:
    """Enable or disable a client on a host from the next run on."""
    host, tag = host_name(query["host"]), query["client"].removesuffix("_cfg.py")
    system = site.system_of(host)
    if host in site.faults.ssh:
        return ssh.output(site, query["host"], "") or "Ok"
    if tag not in {client.tag for client in CLIENTS}:
        return f"No such client: {query['client']}"
    if query.get("state", "0") == "0":
        system.disabled_clients.add((host, tag))
    else:
        system.disabled_clients.discard((host, tag))
    return "Ok"


COMMANDS: dict[str, Command] = {
    "get_dqm_machines": _machines,
    "get_hltd_versions": _versions(HLTD_PACKAGE),
    "get_fff_versions": _versions(FFF_PACKAGE),
    "get_cmssw_info": _cmssw_info,
    "get_simulator_config": _config,
    "get_simulator_runs": _player_runs,
    "get_production_runs": lambda site, query: json.dumps(_production_runs(site)),
    "copy_production_runs": _copy_production_run,
    "start_playback_run": _start_playback_run,
    "restart_hltd": _restart_hltd,
    "restart_fff": _restart_fff,
    "get_hltd_logs": _hltd_logs,
    "get_fff_logs": _fff_logs,
    "get_dqm_clients": _clients,
    "change_dqm_client": _change_client,
    "get_cluster_status": _cluster_status,
}
