"""The table of all commands of the control room."""

from __future__ import annotations

from app.control import arguments, danger, impact, readers, requests
from app.control.specs import CommandSpec

NO_KNOWN_VERSION = "No known version of fff_dqmtools has this command."
FAILS_BEFORE_RESTART = (
    "fff_dqmtools 1.10 accepts this command and fails before it restarts anything. The affected jobs below show whether it took effect."
)
FAILS_BEFORE_START = (
    "fff_dqmtools 1.10 writes the new configuration and then fails to start the run, so it applies from the next run on. "
    "The page of playback shows which run is being played."
)
PLAYER_UNREACHABLE = (
    "fff_dqmtools 1.10 cannot connect to its player under Python 3. The page of playback shows which run and lumisection are being played."
)

UP_TO_5_S_EACH = "The gateway queries the hosts one after the other, up to 5 s each."

OK = readers.expect_text("Ok")
PLAYER_OK = readers.expect_text(r"(run\d+: )?ok\b[^\n]*")

QUERIES = (
    CommandSpec(
        name="get_dqm_machines",
        title="Hosts",
        description="Lists the clusters of P5 with their hosts.",
        arguments=(arguments.CLUSTER_KIND,),
        requests=requests.gateway_request("get_dqm_machines"),
        read=readers.read_machines,
        impact=impact.no_impact,
        system=impact.system_of,
    ),
    CommandSpec(
        name="get_cluster_status",
        title="State of a cluster",
        description="The gateway tries to reach each host of a cluster.",
        arguments=(arguments.CLUSTER,),
        requests=requests.gateway_request("get_cluster_status"),
        read=readers.read_statuses,
        impact=impact.no_impact,
        system=impact.system_of,
    ),
    CommandSpec(
        name="get_hltd_versions",
        title="Versions of hltd",
        description=UP_TO_5_S_EACH,
        arguments=(),
        requests=requests.gateway_request("get_hltd_versions"),
        read=readers.read_versions,
        impact=impact.no_impact,
        system=impact.system_of,
    ),
    CommandSpec(
        name="get_fff_versions",
        title="Versions of the DQM tools",
        description=UP_TO_5_S_EACH,
        arguments=(),
        requests=requests.gateway_request("get_fff_versions"),
        read=readers.read_versions,
        impact=impact.no_impact,
        system=impact.system_of,
    ),
    CommandSpec(
        name="get_cmssw_info",
        title="CMSSW",
        description="Releases of production and playback, with their pull requests and global tags.",
        arguments=(),
        requests=requests.gateway_request("get_cmssw_info"),
        read=readers.read_releases,
        impact=impact.no_impact,
        system=impact.system_of,
    ),
    CommandSpec(
        name="get_hltd_logs",
        title="Logs of hltd",
        description="The gateway reads the logs of hltd and anelastic of a host, up to 30 s each.",
        arguments=(arguments.HOST,),
        requests=requests.gateway_request("get_hltd_logs"),
        read=readers.read_logs,
        impact=impact.no_impact,
        system=impact.system_of,
        program_timeout_s=30,
    ),
    CommandSpec(
        name="get_fff_logs",
        title="Log of the DQM tools",
        description="The gateway reads the log of DQM^2 of a host, up to 30 s.",
        arguments=(arguments.HOST,),
        requests=requests.gateway_request("get_fff_logs"),
        read=readers.read_logs,
        impact=impact.no_impact,
        system=impact.system_of,
        program_timeout_s=30,
    ),
    CommandSpec(
        name="get_dqm_clients",
        title="Clients of a host",
        description="Lists the clients of a host, on or off.",
        arguments=(arguments.FU,),
        requests=requests.clients_request("get_dqm_clients"),
        read=readers.read_clients,
        impact=impact.no_impact,
        system=impact.system_of,
        program_timeout_s=15,
    ),
    CommandSpec(
        name="get_simulator_config",
        title="Configuration of the player",
        description="The run, speed and streams that the player plays.",
        arguments=(arguments.PLAYER,),
        requests=requests.gateway_request("get_simulator_config"),
        read=readers.read_settings,
        impact=impact.no_impact,
        system=impact.playback,
    ),
    CommandSpec(
        name="get_simulator_runs",
        title="Runs to play",
        description="Runs with files on the disk of the player.",
        arguments=(arguments.PLAYER,),
        requests=requests.gateway_request("get_simulator_runs"),
        read=readers.read_runs,
        impact=impact.no_impact,
        system=impact.playback,
    ),
    CommandSpec(
        name="get_simulator_run_keys",
        title="Run keys",
        description="The run keys that can be played. Answered by the hub, without P5.",
        arguments=(),
        requests=None,
        read=readers.read_names,
        impact=impact.no_impact,
        system=impact.playback,
    ),
    CommandSpec(
        name="get_production_runs",
        title="Production runs",
        description="Runs that can be copied to playback.",
        arguments=(),
        requests=requests.gateway_request("get_production_runs"),
        read=readers.read_runs,
        impact=impact.no_impact,
        system=impact.playback,
        known_fault=NO_KNOWN_VERSION,
    ),
)
"""Commands that change nothing at P5."""

CHANGES = (
    CommandSpec(
        name="start_playback_run",
        title="Start a playback run",
        description="The player ends its run and begins one with the chosen files.",
        arguments=(arguments.SOURCE, arguments.RUN_KEY, arguments.LUMIS, arguments.PLAYER),
        requests=requests.gateway_request("start_playback_run"),
        read=readers.expect_text("start_playback_run Ok"),
        impact=impact.start_playback_run,
        system=impact.playback,
        changes=True,
        known_fault=FAILS_BEFORE_START,
    ),
    CommandSpec(
        name="next_run",
        title="Skip to the next run",
        description="The player ends its run and begins the next.",
        arguments=(arguments.SOCKET,),
        requests=requests.player_request("next_run"),
        read=PLAYER_OK,
        impact=impact.next_run,
        system=impact.playback,
        changes=True,
        known_fault=PLAYER_UNREACHABLE,
    ),
    CommandSpec(
        name="next_lumi",
        title="Skip to the next lumisection",
        description="The player delivers the next lumisection now.",
        arguments=(arguments.SOCKET,),
        requests=requests.player_request("next_lumi"),
        read=PLAYER_OK,
        impact=impact.next_lumi,
        system=impact.playback,
        changes=True,
        known_fault=PLAYER_UNREACHABLE,
    ),
    CommandSpec(
        name="copy_production_runs",
        title="Copy a production run",
        description="Copies files of a production run to the player.",
        arguments=(arguments.PRODUCTION_RUN, arguments.COPIED_LUMIS),
        requests=requests.gateway_request("copy_production_runs"),
        read=OK,
        impact=impact.copy_run,
        system=impact.playback,
        changes=True,
        known_fault=NO_KNOWN_VERSION,
    ),
    CommandSpec(
        name="restart_hltd",
        title="Restart hltd",
        description="Stops and starts hltd, which runs the clients of a host.",
        arguments=(arguments.HOST,),
        requests=requests.gateway_request("restart_hltd"),
        read=OK,
        impact=impact.restart_hltd,
        system=impact.system_of,
        changes=True,
        ends=impact.jobs_of_host,
        danger=danger.restart_hltd,
        known_fault=FAILS_BEFORE_RESTART,
        program_timeout_s=15,
    ),
    CommandSpec(
        name="restart_fff",
        title="Restart the DQM tools",
        description="Restarts fff_dqmtools, which includes DQM^2, on a host.",
        arguments=(arguments.HOST,),
        requests=requests.gateway_request("restart_fff"),
        read=OK,
        impact=impact.restart_dqm_tools,
        system=impact.system_of,
        changes=True,
        danger=danger.restart_dqm_tools,
        known_fault=FAILS_BEFORE_RESTART,
        program_timeout_s=15,
    ),
    CommandSpec(
        name="change_dqm_client",
        title="Enable or disable a client",
        description="Enables or disables a client on a host, from the next run on.",
        arguments=(arguments.FU, arguments.CLIENT, arguments.STATE),
        requests=requests.clients_request("change_dqm_client"),
        read=OK,
        impact=impact.change_client,
        system=impact.system_of,
        changes=True,
        program_timeout_s=15,
    ),
    CommandSpec(
        name="kill",
        title="Kill a job",
        description="Sends a signal to a process.",
        arguments=(arguments.SYSTEM, arguments.JOB, arguments.SIGNAL),
        requests=requests.kill_requests,
        read=readers.expect_text("Process killed, kill exit_code: 0"),
        impact=impact.kill_job,
        system=impact.system_of,
        changes=True,
        ends=impact.killed_job,
        danger=danger.kill_job,
    ),
    CommandSpec(
        name="drop",
        title="Delete run data at P5",
        description="Deletes the documents of a run at P5.",
        arguments=(arguments.SYSTEM, arguments.RUN),
        requests=requests.drop_requests,
        read=readers.expect_text(r"Deleted \d+ rows!"),
        impact=impact.drop_run,
        system=impact.system_of,
        changes=True,
        danger=danger.delete_run_data,
    ),
)
"""Commands that change something at P5."""

COMMANDS = {spec.name: spec for spec in (*QUERIES, *CHANGES)}
"""All commands by name."""
