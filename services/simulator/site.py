"""The whole simulated P5: machines with their document stores, the two systems, faults, and the record of requests."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from functools import cached_property, partial
from pathlib import Path
from typing import Any

from . import host_documents, replay, scenario
from .clock import Clock, EventQueue
from .faults import ServerFaults
from .machines import GATEWAY, MAX_FUS, RELEASES, clusters
from .replay import RecordedDocument
from .runs import RunPlan
from .state_file import StateFile
from .store import DocumentStore
from .system import System

MAX_REQUESTS = 20_000

MAX_ADDRESSES = 254
"""Hosts with an address of their own; a recording can have more."""


@dataclass(frozen=True)
class SiteOptions:
    """Options of the simulator."""

    seed: int = 1
    speed: float = 1.0  # relative to the wall clock
    behind: float | None = None  # seconds that the clock is behind at the start
    fus: int = 2  # FUs of each system
    history_s: float = scenario.HISTORY_S  # simulated time before the start
    quiet: bool = False  # start with empty machines and without a run
    secret: str = "changeme"  # value of CMSWEB's cookie
    recording: tuple[RecordedDocument, ...] = ()  # replayed on machines that are quiet otherwise
    state: Path | None = None  # file with the state of the previous process, to continue with
    releases: tuple[str, ...] = RELEASES  # folders of CMSSW releases in the order of their use


class Site:
    """All of P5. It belongs to one thread, that of the server's event loop."""

    def __init__(self, options: SiteOptions) -> None:
        self.options = options
        self._state = StateFile(options.state) if options.state else None
        progress = self._state.progress() if self._state else {}
        self.clock = Clock(options.speed, options.behind, progress.get("played_to", 0.0))
        self.quiet = options.quiet or bool(options.recording)
        history = 0.0 if self.quiet or progress else options.history_s
        self.event_queue = EventQueue(self.clock.now() - history)
        self.clusters = replay.clusters_with_recording(options.recording, clusters(MAX_FUS)) if options.recording else clusters(options.fus)
        self.stores = {host: DocumentStore(host) for machines in self.clusters.values() for host in machines}
        self.faults = ServerFaults()
        self.pids = {host: 20000 + 97 * number for number, host in enumerate(self.stores)}
        self.requests: deque[dict[str, Any]] = deque(maxlen=MAX_REQUESTS)
        self.systems = {
            "production": self._system("production", scenario.PRODUCTION_RUNS, scenario.FIRST_PRODUCTION_RUN),
            "playback": self._system("playback", scenario.PLAYBACK_RUNS, 500016),
        }
        if self._state and progress:
            self._state.restore(self.stores)
            for name, system in self.systems.items():
                system.resume(progress[name])
        self._start()
        self.catch_up()

    def _system(self, name: str, script: tuple[RunPlan, ...], first_run: int) -> System:
        machines = next(machines for cluster, machines in self.clusters.items() if cluster.startswith(name))
        return System(name, machines, script, first_run, self.event_queue, self.stores, self.options.seed, self.options.releases)

    def _start(self) -> None:
        for number, host in enumerate(() if self.quiet else self.stores):
            self.event_queue.every(75, partial(self._stats, host), first=3 + 7 * number)
            if host.startswith("dqmrubu"):
                self.event_queue.every(30, partial(self._diskspace, host), first=2 + 5 * number)
        for system in self.systems.values():
            system.start(script=not self.quiet)
        if self.options.recording:
            replay.schedule(self.options.recording, self.event_queue, self.stores)

    def _stats(self, host: str) -> None:
        now = self.event_queue.now
        self.stores[host].upload([host_documents.stats(host, self.pids[host], now)], now)

    def _diskspace(self, host: str) -> None:
        now = self.event_queue.now
        cluster = next(name for name, machines in self.clusters.items() if host in machines)
        self.stores[host].upload([host_documents.diskspace(host, self.pids[host] + 5, now, cluster.partition("_")[0])], now)

    def catch_up(self, max_events: int | None = None) -> bool:
        """Process the events up to the time of the clock, at most `max_events`; False if some are left."""
        done = self.event_queue.run_until(self.clock.now(), max_events)
        self.save()
        return done

    def save(self) -> None:
        """Write changes to the state file, if there is one; called before any response contains them."""
        if self._state:
            progress = {name: system.progress() for name, system in self.systems.items()}
            self._state.save(self.stores, {**progress, "played_to": self.event_queue.now})

    @cached_property
    def loopback_addresses(self) -> dict[str, str]:
        """An IP address for each host but the gateway, which has the address that the simulator is started with."""
        others = [host for host in self.stores if host != GATEWAY]
        return {host: f"127.0.1.{number}" for number, host in enumerate(others[:MAX_ADDRESSES], 1)}

    def urls(self, port: int) -> dict[str, str]:
        """The address of each host but the gateway."""
        return {host: f"http://{address}:{port}" for host, address in self.loopback_addresses.items()}

    def store_at(self, address: str) -> DocumentStore:
        """The store of the host with an IP address; other addresses are those of the gateway."""
        hosts = {ip: host for host, ip in self.loopback_addresses.items()}
        return self.stores[hosts.get(address, GATEWAY)]

    def system_of(self, host: str) -> System:
        """The system of a host; KeyError for a host of neither."""
        return next((system for system in self.systems.values() if host in (system.bu, *system.fus)), None) or self.systems[host]


def host_name(address: str) -> str:
    """The name of a machine in an address, without port and domain."""
    return address.partition(":")[0].partition(".")[0]
