"""Every command of the control room: one row each."""

from __future__ import annotations

import json
from collections.abc import Callable
from urllib.parse import quote, urlencode

from app.control import answers, arguments, inventory
from app.control.arguments import Argument, Given
from app.control.specs import Kind, Request, Touched
from app.core.settings import Settings
from app.square.models import Job
from app.square.settings import SquareSettings
from app.square.upstream import short

NEVER = "No version of fff_dqmtools that is known has this command."
FAILS_FIRST = "fff_dqmtools 1.10 takes this command and ends it with an error before anything is restarted. Whether it was carried out is seen below, at the jobs."
FAILS_HALFWAY = (
    "fff_dqmtools 1.10 writes the new configuration and then fails to start the run, so that it holds from the next run on. "
    "Which run is played is seen on the page of playback."
)  # fmt: skip
NO_SOCKET = (
    "fff_dqmtools 1.10 cannot speak to its player under Python 3. Which run and lumisection are played is seen on the page of playback."
)


def _nothing(settings: Settings, given: Given) -> Touched:
    return Touched([], [], {}, [])


def _ask(what: str, **fixed: str) -> Callable[[Settings, Given], list[Request]]:
    """A request to the gateway, which is P5's only way to be given a command, be it a question or not."""

    def requests(settings: Settings, given: Given) -> list[Request]:
        return [Request(short(settings.of(SquareSettings).square_gateway), "GET", "/cr/exe?" + urlencode({"what": what, **given, **fixed}))]

    return requests


def _clients(what: str) -> Callable[[Settings, Given], list[Request]]:
    """The same for the clients of a machine; P5 wants to be told whether it belongs to playback."""
    return lambda settings, given: _ask(what, playback="1" if _system(settings, given) == inventory.PLAYBACK else "0")(settings, given)


def _system(settings: Settings, given: Given) -> str:
    """The system of the machine that is named, else of the cluster, else of the player or none."""
    if "host" in given:
        machine = inventory.machines(settings).get(given["host"])
        return machine.system if machine else ""
    return given.get("system") or given.get("cluster") or given.get("kind") or ""


def _of_playback(settings: Settings, given: Given) -> str:
    return inventory.PLAYBACK


def _hltd(settings: Settings, given: Given) -> Touched:
    host = given["host"]
    jobs = [job.key for job in inventory.running(_system(settings, given), host)]
    notes = [f"hltd of {host} is stopped and started: the clients on it end by a signal, and those of a run that goes on start again."]
    return Touched([host], jobs, {}, notes)


def _fff(settings: Settings, given: Given) -> Touched:
    host = given["host"]
    notes = [f"The tools of DQM^2 on {host} begin again, and do not answer for some seconds. No client ends."]
    if host == short(settings.of(SquareSettings).square_gateway):
        notes.append("It is the gateway: nothing is heard of P5 meanwhile.")
    if host in inventory.players(settings):
        notes.append("The player of old runs is one of them: the run that is played stops, and the next one begins.")
    return Touched([host], [], {}, notes)


def _client(settings: Settings, given: Given) -> Touched:
    words = "runs" if given["state"] == "1" else "does not run"
    return Touched(
        [given["host"]], [], {}, [f"From the next run on {given['client']} {words} on {given['host']}. A client that runs now goes on."]
    )


def _player_machine(settings: Settings, given: Given) -> str:
    found = inventory.player()
    return given.get("host") or (found.machine if found else short(settings.of(SquareSettings).square_gateway))


def _end_of_run() -> str:
    """What becomes of the run that is played, in a sentence; "" when none is."""
    found = inventory.player()
    if found is None or found.state != "running":
        return ""
    clients = sum(1 for job in inventory.running(inventory.PLAYBACK) if job.run == found.run)
    return f"Run {found.run} of playback ends: its {clients} clients read it to its end, and end by themselves."


def _new_run(settings: Settings, given: Given) -> Touched:
    notes = [
        f"The configuration of the player on {_player_machine(settings, given)} is changed, for this run and those after it.",
        _end_of_run(),
    ]
    return Touched([_player_machine(settings, given)], [], {}, [note for note in notes if note])


def _next_run(settings: Settings, given: Given) -> Touched:
    notes = [_end_of_run(), "The next run begins, as the configuration of the player says."]
    return Touched([_player_machine(settings, given)], [], {}, [note for note in notes if note])


def _next_lumi(settings: Settings, given: Given) -> Touched:
    return Touched([_player_machine(settings, given)], [], {}, ["The next lumisection is played at once. No client ends."])


def _to_player(command: str) -> Callable[[Settings, Given], list[Request]]:
    def requests(settings: Settings, given: Given) -> list[Request]:
        path = f"/utils/control_command/{quote(given['socket'], safe='')}/{command}"
        return [Request(_player_machine(settings, given), "POST", path)]

    return requests


def _copy(settings: Settings, given: Given) -> Touched:
    gateway = short(settings.of(SquareSettings).square_gateway)
    return Touched([gateway], [], {}, [f"Files of {given['run_number']} are copied to the disk of the player on {gateway}."])


def _job(given: Given) -> Job | None:
    found: Job | None = Job.get_or_none(Job.system == given["system"], Job.key == given["key"])
    return found


def _killed(settings: Settings, given: Given) -> Touched:
    job = _job(given)
    notes = ["The process is sent the signal. hltd starts its client again, as it does after a crash, at most three times in a run."]
    return Touched([short(job.host)] if job else [], [given["key"]], {}, notes)


def _kill(settings: Settings, given: Given) -> list[Request]:
    job = _job(given)
    body = json.dumps({"pid": job.pid, "signal": int(given["signal"])}) if job else ""
    return [Request(short(job.host), "POST", f"/utils/kill_proc/{quote(given['key'], safe='')}", body)] if job else []


def _dropped(settings: Settings, given: Given) -> Touched:
    found, ours = inventory.documents(given["system"], int(given["run"])), inventory.machines(settings)
    there = {host: number for host, number in found.items() if host in ours}
    notes = ["DQM^2 at P5 forgets the documents of this run for good. What this hub has of it stays."]
    if alive := [job for job in inventory.running(given["system"]) if job.run == int(given["run"])]:
        notes.append(f"{len(alive)} of its clients still run: their next report, within 30 s, brings their documents back.")
    notes += [
        f"Documents of {host} ({number}) are not dropped, since no such machine is known."
        for host, number in found.items()
        if host not in ours
    ]
    return Touched(list(there), [], there, notes)


def _drop(settings: Settings, given: Given) -> list[Request]:
    system, run = given["system"], int(given["run"])
    hosts = _dropped(settings, given).documents
    return [Request(host, "POST", "/utils/drop_ids", json.dumps({"ids": inventory.document_keys(system, run, host)})) for host in hosts]


def _question(
    name: str,
    title: str,
    does: str,
    reads: answers.Reader,
    *given: Argument,
    system: Callable[[Settings, Given], str] = _system,
    broken: str = "",
) -> Kind:
    return Kind(name, title, does, given, _ask(name), reads, _nothing, system, broken=broken)


OK = answers.said("Ok")
OF_PLAYER = answers.said(r"(run\d+: )?ok\b[^\n]*")

ALL = (
    _question("get_dqm_machines", "Machines", "P5 lists its clusters with their machines.", answers.machines, arguments.KIND),
    _question("get_cluster_status", "State of a cluster", "The gateway tries to reach each machine of a cluster.", answers.statuses, arguments.CLUSTER),
    _question("get_hltd_versions", "Versions of hltd", "The gateway asks each machine, one after the other, up to 5 s each.", answers.versions),
    _question("get_fff_versions", "Versions of the DQM tools", "The gateway asks each machine, one after the other, up to 5 s each.", answers.versions),
    _question("get_cmssw_info", "CMSSW", "Releases of production and playback, with their pull requests and global tags.", answers.plain),
    _question("get_hltd_logs", "Logs of hltd", "The gateway reads the logs of hltd and anelastic of a machine, up to 30 s each.", answers.logs, arguments.HOST),
    _question("get_fff_logs", "Log of the DQM tools", "The gateway reads the log of DQM^2 of a machine, up to 30 s.", answers.logs, arguments.HOST),
    Kind(
        "get_dqm_clients", "Clients of a machine", "The gateway lists the clients of a machine, and which of them are on.",
        (arguments.FU,), _clients("get_dqm_clients"), answers.clients, _nothing, _system,
    ),
    _question("get_simulator_config", "Configuration of the player", "What is played, and how.", answers.settings, arguments.PLAYER, system=_of_playback),
    _question("get_simulator_runs", "Runs to play", "Runs whose files the player has.", answers.names, arguments.PLAYER, system=_of_playback),
    Kind(
        "get_simulator_run_keys", "Run keys", "The run keys that can be played. P5 is not asked.",
        (), None, answers.names, _nothing, _of_playback,
    ),
    _question("get_production_runs", "Production runs", "Runs that can be copied to playback.", answers.names, system=_of_playback, broken=NEVER),
    Kind(
        "start_playback_run", "Start a playback run", "The player ends its run, and begins one of the files that are chosen.",
        (arguments.SOURCE, arguments.RUN_KEY, arguments.LUMIS, arguments.PLAYER), _ask("start_playback_run"),
        answers.said("start_playback_run Ok"), _new_run, _of_playback, True, FAILS_HALFWAY,
    ),
    Kind(
        "next_run", "Skip to the next run", "The player ends its run, and begins the next.",
        (arguments.SOCKET,), _to_player("next_run"), OF_PLAYER, _next_run, _of_playback, True, NO_SOCKET,
    ),
    Kind(
        "next_lumi", "Skip to the next lumisection", "The player delivers the next lumisection now.",
        (arguments.SOCKET,), _to_player("next_lumi"), OF_PLAYER, _next_lumi, _of_playback, True, NO_SOCKET,
    ),
    Kind(
        "copy_production_runs", "Copy a production run", "Files of a run of production are copied, to be played.",
        (arguments.PRODUCTION_RUN, arguments.COPIED_LUMIS), _ask("copy_production_runs"), OK, _copy, _of_playback, True, NEVER,
    ),
    Kind(
        "restart_hltd", "Restart hltd", "hltd, which starts the clients of a run, is stopped and started on a machine.",
        (arguments.HOST,), _ask("restart_hltd"), OK, _hltd, _system, True, FAILS_FIRST,
    ),
    Kind(
        "restart_fff", "Restart the DQM tools", "fff_dqmtools, which is DQM^2, is started anew on a machine.",
        (arguments.HOST,), _ask("restart_fff"), OK, _fff, _system, True, FAILS_FIRST,
    ),
    Kind(
        "change_dqm_client", "Switch a client on or off", "A client runs, or does not run, on a machine from the next run on.",
        (arguments.FU, arguments.CLIENT, arguments.STATE), _clients("change_dqm_client"), OK, _client, _system, True,
    ),
    Kind(
        "kill", "Kill a job", "A process is sent a signal.",
        (arguments.SYSTEM, arguments.JOB, arguments.SIGNAL), _kill, answers.said("Process killed, kill exit_code: 0"), _killed, _system, True,
    ),
    Kind(
        "drop", "Drop a run", "The machines forget the documents of a run.",
        (arguments.SYSTEM, arguments.RUN), _drop, answers.said(r"Deleted \d+ rows!"), _dropped, _system, True,
    ),
)  # fmt: skip

KINDS = {kind.name: kind for kind in ALL}
