"""The impact of each command: machines, jobs and documents that it changes, and further consequences."""

from __future__ import annotations

from app.control import inventory
from app.control.arguments import Args
from app.control.specs import EndedJobs, Impact
from app.core.settings import Settings
from app.square.models import Job
from app.square.settings import SquareSettings
from app.square.systems import PLAYBACK
from app.square.upstream import short_name


def no_impact(settings: Settings, args: Args) -> Impact:
    """The impact of a query."""
    return Impact([], [], {}, [])


def system_of(settings: Settings, args: Args) -> str:
    """The system of the machine in the arguments, otherwise the system or cluster; "" for none."""
    if "host" in args:
        machine = inventory.machines(settings).get(args["host"])
        return machine.system if machine else ""
    return args.get("system") or args.get("cluster") or args.get("kind") or ""


def playback(settings: Settings, args: Args) -> str:
    """The system of commands to the player."""
    return PLAYBACK


def restart_hltd(settings: Settings, args: Args) -> Impact:
    """Its clients end; those of the ongoing run start again."""
    host = args["host"]
    jobs = [job.key for job in inventory.running_jobs(system_of(settings, args), host)]
    note = f"hltd of {host} is stopped and started. Its clients are ended by a signal; clients of an ongoing run start again."
    return Impact([host], jobs, {}, [note])


def jobs_of_host(args: Args) -> EndedJobs:
    """The jobs that a restart of hltd ends."""
    return EndedJobs(args["host"])


def killed_job(args: Args) -> EndedJobs:
    """The job that is killed."""
    job = find_job(args)
    return EndedJobs(short_name(job.host) if job else "", args["key"], int(args["signal"]))


def restart_dqm_tools(settings: Settings, args: Args) -> Impact:
    """No client ends; the player and the gateway are interrupted."""
    host = args["host"]
    notes = [f"The DQM tools on {host} restart and do not respond for some seconds. No client ends."]
    if host == short_name(settings.of(SquareSettings).square_gateway):
        notes.append("It is the gateway: P5 is unreachable meanwhile.")
    if host in inventory.player_machines(settings):
        notes.append("The playback player is one of its tools: the run being played stops, and the next one begins.")
    return Impact([host], [], {}, notes)


def change_client(settings: Settings, args: Args) -> Impact:
    """Only later runs are affected."""
    word = "runs" if args["state"] == "1" else "does not run"
    note = f"From the next run on, {args['client']} {word} on {args['host']}. A client that is running continues."
    return Impact([args["host"]], [], {}, [note])


def player_machine(settings: Settings, args: Args) -> str:
    """The machine of the player: that of the arguments, of its newest document, or the gateway."""
    player = inventory.latest_player()
    return args.get("host") or (player.machine if player else short_name(settings.of(SquareSettings).square_gateway))


def _end_of_run() -> list[str]:
    """A note on the run being played, if there is one."""
    player = inventory.latest_player()
    if player is None or player.state != "running":
        return []
    clients = sum(1 for job in inventory.running_jobs(PLAYBACK) if job.run == player.run)
    return [f"Run {player.run} of playback ends: its {clients} clients read it to its end and finish."]


def start_playback_run(settings: Settings, args: Args) -> Impact:
    """The run being played ends."""
    machine = player_machine(settings, args)
    note = f"The configuration of the player on {machine} changes, for this run and later ones."
    return Impact([machine], [], {}, [note, *_end_of_run()])


def next_run(settings: Settings, args: Args) -> Impact:
    """The run being played ends."""
    notes = [*_end_of_run(), "The next run begins, as in the configuration of the player."]
    return Impact([player_machine(settings, args)], [], {}, notes)


def next_lumi(settings: Settings, args: Args) -> Impact:
    """Only the speed of the playback is affected."""
    return Impact([player_machine(settings, args)], [], {}, ["The next lumisection is played at once. No client ends."])


def copy_run(settings: Settings, args: Args) -> Impact:
    """Only the disk of the player is affected."""
    gateway = short_name(settings.of(SquareSettings).square_gateway)
    return Impact([gateway], [], {}, [f"Files of {args['run_number']} are copied to the disk of the player on {gateway}."])


def find_job(args: Args) -> Job | None:
    """The job in the arguments."""
    found: Job | None = Job.get_or_none(Job.system == args["system"], Job.key == args["key"])
    return found


def kill_job(settings: Settings, args: Args) -> Impact:
    """The job ends; hltd restarts its client."""
    job = find_job(args)
    note = "The process receives the signal. hltd restarts its client, as after a crash, at most three times in a run."
    return Impact([short_name(job.host)] if job else [], [args["key"]], {}, [note])


def drop_run(settings: Settings, args: Args) -> Impact:
    """Documents at P5 are deleted."""
    run, counts, machines = int(args["run"]), inventory.count_documents(args["system"], int(args["run"])), inventory.machines(settings)
    documents = {host: count for host, count in counts.items() if host in machines}
    notes = ["DQM^2 at P5 deletes the documents of this run for good. The data stored in this hub stays."]
    if running := [job for job in inventory.running_jobs(args["system"]) if job.run == run]:
        notes.append(f"{len(running)} of its clients are still running: their next report, within 30 s, creates their documents again.")
    unknown = {host: count for host, count in counts.items() if host not in machines}
    notes += [f"Documents of {host} ({count}) are not deleted, because no such host is known." for host, count in unknown.items()]
    return Impact(list(documents), [], documents, notes)
