"""The whole stand-in P5: its machines with their stores, the two systems, the faults, and the record of what was asked."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from . import noise, replay, scenario
from .clock import Clock, Timeline
from .faults import Faults
from .machines import GATEWAY, MOST_FUS, clusters
from .replay import Row
from .runs import Plan
from .state import State
from .store import Store
from .system import System

REQUESTS_KEPT = 20_000


@dataclass(frozen=True)
class Options:
    """How to play: `history_s` seconds have been played at the start; `quiet` starts with empty machines and no run.

    A recording is played on machines that are quiet else. A stand-in with a state begins where the one before it ended.
    """

    seed: int = 1
    speed: float = 1.0
    behind: float | None = None
    fus: int = 2
    history_s: float = scenario.HISTORY_S
    quiet: bool = False
    secret: str = "changeme"
    recording: tuple[Row, ...] = ()
    state: Path | None = None


class Site:
    """All of P5; one thread (the server's loop) looks after it."""

    def __init__(self, options: Options) -> None:
        self.options = options
        self._state = State(options.state) if options.state else None
        notes = self._state.notes() if self._state else {}
        self.clock = Clock(options.speed, options.behind, notes.get("played_to", 0.0))
        self.quiet = options.quiet or bool(options.recording)
        history = 0.0 if self.quiet or notes else options.history_s
        self.timeline = Timeline(self.clock.now() - history)
        self.clusters = replay.clusters(options.recording, clusters(MOST_FUS)) if options.recording else clusters(options.fus)
        self.stores = {host: Store(host) for machines in self.clusters.values() for host in machines}
        self.faults = Faults()
        self.pids = {host: 20000 + 97 * number for number, host in enumerate(self.stores)}
        self.requests: deque[dict[str, Any]] = deque(maxlen=REQUESTS_KEPT)
        self.systems = {
            "production": self._system("production", scenario.PRODUCTION, 358788),
            "playback": self._system("playback", scenario.PLAYBACK, 500016),
        }
        if self._state and notes:
            self._state.restore(self.stores)
            for name, system in self.systems.items():
                system.resume(notes[name])
        self._start()
        self.catch_up()

    def _system(self, name: str, script: tuple[Plan, ...], first_run: int) -> System:
        machines = next(machines for cluster, machines in self.clusters.items() if cluster.startswith(name))
        return System(name, machines, script, first_run, self.timeline, self.stores, self.options.seed)

    def _start(self) -> None:
        for number, host in enumerate(() if self.quiet else self.stores):
            self.timeline.every(75, partial(self._stats, host), first=3 + 7 * number)
            if host.startswith("dqmrubu"):
                self.timeline.every(30, partial(self._diskspace, host), first=2 + 5 * number)
        for system in self.systems.values():
            system.start(script=not self.quiet)
        if self.options.recording:
            replay.play(self.options.recording, self.timeline, self.stores)

    def _stats(self, host: str) -> None:
        now = self.timeline.now
        self.stores[host].upload([noise.stats(host, self.pids[host], now)], now)

    def _diskspace(self, host: str) -> None:
        now = self.timeline.now
        cluster = next(name for name, machines in self.clusters.items() if host in machines)
        self.stores[host].upload([noise.diskspace(host, self.pids[host] + 5, now, cluster.partition("_")[0])], now)

    def catch_up(self, most: int | None = None) -> bool:
        """Let happen what is due by the clock, at most so many events; False when some are left."""
        done = self.timeline.run_until(self.clock.now(), most)
        self.save()
        return done

    def save(self) -> None:
        """Keep what has changed in the file of the state, if there is one; before anybody is told of it."""
        if self._state:
            notes = {name: system.notes() for name, system in self.systems.items()}
            self._state.save(self.stores, {**notes, "played_to": self.timeline.now})

    def store_at(self, address: str) -> Store:
        """The store of the host that an address (a Host header) names, else the gateway's."""
        return self.stores.get(machine(address), self.stores[GATEWAY])

    def system_of(self, host: str) -> System:
        """The system that a host belongs to; KeyError for a host of neither."""
        return next((system for system in self.systems.values() if host in (system.bu, *system.fus)), None) or self.systems[host]


def machine(address: str) -> str:
    """The name of a machine without port and domain."""
    return address.partition(":")[0].partition(".")[0]
