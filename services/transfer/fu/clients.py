"""The client processes of the runs on this host, and when a run is over."""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass

from ..processes import ClientProcess

MOST_RUNS = 20
FORGET_S = 3600.0
log = logging.getLogger(__name__)

Snapshots = Mapping[int, tuple[str, float]]
"""The tag of each process, and when it wrote its last snapshot, s since 1970."""


@dataclass
class _Run:
    """The clients of one run.

    Attributes:
        active: When a client was last running, or when the run was noticed; monotonic, s.
        is_seen: Whether a client was ever seen.
        is_over: Whether the end of the run was logged.
        processes: The running clients.
    """

    active: float
    is_seen: bool = False
    is_over: bool = False
    processes: tuple[ClientProcess, ...] = ()


class RunClients:
    """The clients of all runs on this host. All times are monotonic, s.

    It belongs to one thread; `state` may be called by others.
    """

    def __init__(self, end_s: float, begin_s: float) -> None:
        """Begin. A run is over when none of its clients was running for `end_s`, which is longer than the pause before a restart.

        A run without any client so far is over after `begin_s`, since its clients may start later.
        """
        self._end_s, self._begin_s = end_s, begin_s
        self._runs: dict[int, _Run] = {}

    def note_run(self, run: int, now: float) -> None:
        """Note that there is a file or client of a run."""
        if run not in self._runs:
            self._runs = {**self._runs, run: _Run(now)}

    def note_processes(self, processes: Iterable[ClientProcess], now: float) -> None:
        """Note the processes that are running now."""
        by_run: dict[int, list[ClientProcess]] = {}
        for process in processes:
            by_run.setdefault(process.run, []).append(process)
            self.note_run(process.run, now)
        for number, run in self._runs.items():
            run.processes = tuple(by_run.get(number, ()))
            if run.processes:
                run.active, run.is_seen, run.is_over = now, True, False

    def has_ended(self, run: int, now: float) -> bool:
        """Whether no client of the run will write any more; its files may still have to be sent."""
        return run in self._runs and self._has_ended(self._runs[run], now)

    def _has_ended(self, run: _Run, now: float) -> bool:
        pause = self._end_s if run.is_seen else self._begin_s
        return not run.processes and now - run.active >= pause

    def forget_old(self, unsent: Collection[int], damaged: Mapping[int, int], now: float) -> None:
        """Log once for each run that it is over, and forget it an hour later.

        Args:
            unsent: Runs with files to send, which are not over.
            damaged: Number of damaged files that are not sent, by run; a run with such files is not forgotten.
            now: The time.
        """
        over = {number: run for number, run in self._runs.items() if number not in unsent and self._has_ended(run, now)}
        for number, run in over.items():
            if not run.is_over:
                run.is_over = True
                what = f"all is sent but {damaged[number]} damaged files" if damaged.get(number) else "everything is sent"
                log.info("Run %d is over here: no client is running, and %s", number, what)
        old = {number for number, run in over.items() if now - run.active > FORGET_S and not damaged.get(number)}
        if old:
            self._runs = {number: run for number, run in self._runs.items() if number not in old}

    def state(self, unsent: Collection[int], snapshots: Callable[[int], Snapshots], now: float) -> list[dict[str, object]]:
        """The newest runs with their clients, for reports.

        Args:
            unsent: Runs with unsent files.
            snapshots: Returns the snapshots of a run.
            now: The time.
        """
        runs = sorted(self._runs.items())[-MOST_RUNS:]
        return [self._state_of(number, run, number in unsent, snapshots(number), now) for number, run in runs]

    def _state_of(self, number: int, run: _Run, is_unsent: bool, snapshots: Snapshots, now: float) -> dict[str, object]:
        clients = []
        for process in run.processes:
            tag, written = snapshots.get(process.pid, ("", 0.0))
            clients.append({"pid": process.pid, "client": process.client, "tag": tag, "restarted": process.restarted, "snapshot": written})
        is_over = self._has_ended(run, now) and not is_unsent
        return {"run": number, "state": "ongoing" if clients else "over" if is_over else "ending", "clients": clients}
