"""Runs that follow each other by a plan, with faults."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

from .demo_clients import BY_TAG, CLIENTS
from .wanted import WantedClient, WantedRun

PAUSE_LUMIS = 3
END_LUMIS = 1
"""Lumisections after the end of a run in which its clients end."""
RESTART_LUMIS = 0.22
"""From a crash to the next process: 5 s of a usual lumisection."""
RELEASE = "CMSSW_13_0_7"
KINDS = ("crash", "dies", "stuck", "blind", "cut", "no-root")
OF_FILES = ("cut", "no-root")
"""Faults of files alone: the process is like a good one until the end of the run."""
_NO_ROOT_FILE = ("stuck", "blind", "no-root")
_FAULT = re.compile(rf"(\w+)=({'|'.join(KINDS)})(?:@(\d{{1,4}}))?(?::(\d{{1,3}}))?", re.ASCII)


class Fault(NamedTuple):
    """A fault of a client.

    Attributes:
        kind: `crash`, and it is started again; `dies`: it crashes and is not; `stuck`: it writes no more; `blind`: it never writes;
            `cut`: its snapshots are damaged; `no-root`: it crashes while it writes its ROOT file.
        lumi: The first lumisection with the fault.
        code: Exit code of a crash.
    """

    kind: str
    lumi: int = 1
    code: int = 134


def parse_fault(text: str) -> tuple[str, Fault]:
    """Tag and fault of a text such as `Pixel=crash@3:134`. Raises `ValueError`."""
    match = _FAULT.fullmatch(text)
    if not match or match[1] not in BY_TAG:
        raise ValueError(f"expected CLIENT=KIND@LUMI:CODE with a client of {', '.join(BY_TAG)} and a kind of {', '.join(KINDS)}")
    return match[1], Fault(match[2], int(match[3] or 1), int(match[4] or 134))


class PlannedRuns:
    """Runs of the same length, one after the other. The same clients have faults in all of them."""

    def __init__(
        self,
        first: int,
        lumis: int,
        lumi_s: float,
        hosts: Sequence[str],
        clients: Sequence[str],
        faults: Mapping[str, Fault],
        clock: Callable[[], float],
        runs: int = 0,
    ) -> None:
        """Plan runs; the first one begins now.

        Args:
            first: Number of the first run; each has the next one.
            lumis: Lumisections of each run.
            lumi_s: Seconds of each.
            hosts: The FUs.
            clients: Tags of the clients.
            faults: By tag of the client.
            clock: The time, Unix s.
            runs: Number of runs; 0: no end.
        """
        self._first, self._lumis, self._lumi_s, self._runs = first, lumis, lumi_s, runs
        self._hosts, self._faults, self._clock = hosts, faults, clock
        self._clients = [client for client in CLIENTS if client.tag in clients]
        self._began = clock()

    @property
    def is_over(self) -> bool:
        """Whether the last run has ended, with its clients."""
        return bool(self._runs) and self._number() >= self._runs

    def wanted(self) -> list[WantedRun]:
        """The run of this moment, if there is one."""
        number = self._number()
        started = self._began + number * self._period_s
        lumi = (self._clock() - started) / self._lumi_s
        if self.is_over or lumi >= self._lumis + END_LUMIS:
            return []
        run = WantedRun(
            self._first + number,
            "pp_run",
            started,
            RELEASE,
            self._lumis,
            min(int(lumi), self._lumis),
            lumi >= self._lumis,
            {client.tag: found for client in self._clients if (found := self._client(client.tag, client.host, lumi))},
            {tag: fault.code for tag, fault in self._faults.items()},
            frozenset(tag for tag, fault in self._faults.items() if fault.kind in _NO_ROOT_FILE),
        )
        return [run]

    @property
    def _period_s(self) -> float:
        return (self._lumis + END_LUMIS + PAUSE_LUMIS) * self._lumi_s

    def _number(self) -> int:
        return int((self._clock() - self._began) / self._period_s)

    def _client(self, tag: str, host: int, lumi: float) -> WantedClient | None:
        """A client at a time of the run, in lumisections; None while it does not run."""
        name = self._hosts[host % len(self._hosts)]
        read = min(int(lumi), self._lumis)
        fault = self._faults.get(tag)
        if fault is None or lumi < fault.lumi or fault.kind == "no-root":
            return WantedClient(name, 1, read)
        if fault.kind == "crash":
            restarted = fault.lumi + RESTART_LUMIS
            return WantedClient(name, 2, read) if lumi >= restarted else None
        if fault.kind == "dies":
            return None
        if fault.kind == "cut":
            return WantedClient(name, 1, read, is_cut=True)
        return WantedClient(name, 1, fault.lumi - 1 if fault.kind == "stuck" else 0)
