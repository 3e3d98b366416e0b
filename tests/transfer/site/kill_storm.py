"""Kills of the transfer at many of its steps while runs go on; what a run needs is done nevertheless, and once."""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from typing import Any

from tests.support.processes import until
from tests.transfer.site.hosts import Host, HostProcess
from tests.transfer.site.online_site import OnlineSite, start_hub


@dataclass
class Supervisor:
    """Starts processes of the transfer, and starts each again when it has ended, as systemd does.

    Attributes:
        site: The site.
        deaths: How often each host's process was killed.
        next_cut: After how many more looks which host loses its power; None for no such loss.
    """

    site: OnlineSite
    deaths: dict[str, int] = field(default_factory=dict)
    next_cut: tuple[int, Host] | None = None
    _running: dict[str, HostProcess] = field(default_factory=dict)

    @property
    def hosts(self) -> list[Host]:
        """All hosts."""
        return [*self.site.fus, self.site.bu, *self.site.guis]

    def start(self, host: Host, kill_at: int = 0) -> None:
        """Start the transfer on a host, in place of the process before; it kills itself at a step unless that is 0."""
        if host.name in self._running:
            self._running[host.name].end()
        self._running[host.name] = self.site.start(host, kill_at=kill_at)

    def look(self) -> None:
        """Start again what has ended; a host that loses its power is started again, too."""
        if self.next_cut:
            looks, host = self.next_cut
            self.next_cut = (looks - 1, host) if looks else None
            if not looks:
                host.kill()
                host.boot()
                if host in self.site.guis:
                    start_hub(host)
        for host in self.hosts:
            if self._running[host.name].has_ended():
                self.deaths[host.name] = self.deaths.get(host.name, 0) + 1
                self._running[host.name] = self.site.start(host)

    def end(self) -> None:
        """End all."""
        for process in self._running.values():
            process.end()


def play_run(site: OnlineSite, run: int, supervisor: Supervisor) -> None:
    """Play a run with two clients from begin to end, and wait until the GUI shows what it must, before the end and after it."""
    (fu,) = site.fus
    site.write_heartbeats(run)
    strip, ecal = site.client("SiStrip", run, fu), site.client("Ecal", run, fu)
    for version in (1, 2):
        for client in (strip, ecal):
            client.snapshot(version)
        site.wait_until_shown(run, site.live, supervisor.look)
    for client in (strip, ecal):
        client.end()
    site.write_heartbeats()
    site.wait_until_shown(run, site.merged, supervisor.look)

    def is_reported() -> bool:
        supervisor.look()
        return is_whole(site.reported(run))

    until(is_reported, f"the reports of run {run}")


def is_whole(run: dict[str, Any]) -> bool:
    """Whether a hub has all of a run: the files of both clients, and one merge of them that is delivered, each once."""
    if not run:
        return False
    clients = [one["client"] for one in run["clients"] if one["root_sent"] and not one["missing"]]
    versions = [one["version"] for one in run["merges"] if one["is_accepted"]]
    merges = [one["name"] for one in run["merges"] if one["is_accepted"] and len(one["inputs"]) == len(clients)]
    delivered = [one["name"] for one in run["deliveries"] if one["what"] == "merged file" and one["registered"]]
    return clients == ["Ecal", "SiStrip"] and len(set(versions)) == len(versions) and bool(set(merges).intersection(delivered))


def count_steps(site: OnlineSite, run: int) -> dict[str, int]:
    """The steps of the process of each host while a run is played."""
    supervisor = Supervisor(site)
    for host in supervisor.hosts:
        supervisor.start(host, kill_at=-1)
    play_run(site, run, supervisor)
    supervisor.end()
    assert not supervisor.deaths, site.logs()
    return {host.name: int((host.folder / "steps").read_text()) for host in supervisor.hosts}


def kill_in(site: OnlineSite, runs: list[int], steps: dict[str, int], chance: random.Random, cuts_power: bool) -> dict[str, int]:
    """Play runs while the process of each host is killed at a step, in each run at another; returns how often each was killed.

    Args:
        site: The site.
        runs: The runs.
        steps: Number of steps of a run, by host.
        chance: Chooses.
        cuts_power: Whether one host also loses its power in each run, at some moment.
    """
    supervisor = Supervisor(site)
    for number, run in enumerate(runs):
        for host in supervisor.hosts:
            part = steps[host.name] / len(runs)
            supervisor.start(host, kill_at=1 + int(part * number + chance.random() * part))
        if cuts_power:
            supervisor.next_cut = (chance.randrange(20), chance.choice(supervisor.hosts))
        play_run(site, run, supervisor)
    supervisor.end()
    assert site.strangers() == []
    return supervisor.deaths
