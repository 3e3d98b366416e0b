"""The programs that the gateway runs by ssh on other hosts: what it takes for their output, and how long it waits."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

from .site import Site, host_name

ALL_HOSTS = ("get_hltd_versions", "get_fff_versions")

WAIT_S = {
    **dict.fromkeys(ALL_HOSTS, 5),
    "get_hltd_logs": 2 * 30,  # two logs, one after the other
    "get_fff_logs": 30,
    "get_dqm_clients": 2 * 15,  # all clients, then those that are on
    "change_dqm_client": 15,
    "restart_hltd": 15,
    "restart_fff": 15,
}
"""Commands by ssh, and the time after which the gateway has stopped all programs on a host that hangs, s."""


async def wait_for_hanging(site: Site, query: Mapping[str, str]) -> None:
    """Wait as long as the gateway waits for the hosts of a command that hang."""
    what = query.get("what", "")
    hosts = list(site.stores) if what in ALL_HOSTS else [host_name(query.get("host", ""))]
    hanging = sum(1 for host in hosts if site.faults.ssh.get(host) == "hangs")
    await asyncio.sleep(hanging * WAIT_S.get(what, 0))


def output(site: Site, host: str, text: str) -> str:
    """What the gateway takes for the output of a program on a host: as its error output, that of ssh, if ssh or the program failed."""
    state = site.faults.ssh.get(host_name(host))
    if state == "refused":
        return f"ssh: connect to host {host} port 22: Connection refused\r\n"
    return "" if state == "hangs" else text  # a program that was stopped has printed no error
