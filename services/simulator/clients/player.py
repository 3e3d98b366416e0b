"""Plays runs: starts and ends clients and lets them write, so that everything is as wanted."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from .content import Content
from .demo_clients import BY_TAG
from .hosts import mark_run, write_heartbeat
from .places import Places
from .processes import Beginning, ClientProcess, close_all
from .wanted import WantedClient, WantedRun

BACKUP_LUMIS = 15
KEPT_RUNS = 5
"""Runs whose files stay on the simulated FUs and BU, at least the one before the newest: it may still be sent."""
CRASH_CODE = 134
MAX_KILLS = 5
"""A client that somebody else kills is started again so often, as hltd does."""


@dataclass
class _Run:
    """A run that is played.

    Attributes:
        wanted: What was wanted last.
        processes: The newest process of each client, by tag.
    """

    wanted: WantedRun
    processes: dict[str, ClientProcess] = field(default_factory=dict)


class Player:
    """The clients of all runs, and their hosts."""

    def __init__(
        self,
        places: Places,
        hosts: list[str],
        bu: str,
        content: Content,
        clocks: Mapping[str, float],
        report: Callable[[str], None],
        kept_runs: int = KEPT_RUNS,
    ) -> None:
        """No run is played yet.

        Args:
            places: All places.
            hosts: The FUs.
            bu: The BU.
            content: What the clients write.
            clocks: How far the clocks of FUs are ahead, s.
            report: Called with a line of text for each run, crash and error.
            kept_runs: Runs whose files stay on FUs and BU.
        """
        self._places, self._hosts, self._bu, self._content = places, hosts, bu, content
        self._clocks, self._report, self._kept_runs = clocks, report, kept_runs
        self._runs: dict[int, _Run] = {}
        self._known = places.runs()  # also those that this process has not played
        self._problem = ""

    @property
    def is_idle(self) -> bool:
        """Whether no run is played."""
        return not self._runs

    def step(self, wanted: Sequence[WantedRun]) -> None:
        """Make everything as wanted, as far as that does not need time. Raises `OSError` when a run cannot be marked."""
        by_run = {one.run: one for one in wanted}
        for number, one in by_run.items():
            if number not in self._runs:
                self._begin(one)
        for number, run in list(self._runs.items()):
            run.wanted = by_run.get(number) or replace(run.wanted, is_over=True, clients={})
            try:
                self._write(run)
                self._start_and_end(run)
            except (OSError, RuntimeError) as error:
                self.report_problem(f"lumisection {run.wanted.lumi} of run {number} was not written: {error}")
            if number not in by_run and not any(process.is_alive for process in run.processes.values()):
                self._finish(run)

    def beat(self) -> None:
        """Write the heartbeats of all hosts. A run is active on an FU until its clients have ended. Raises `OSError`."""
        for host in self._hosts:
            active = [number for number, run in self._runs.items() if not run.wanted.is_over or self._has_clients(run, host)]
            write_heartbeat(self._places, host, active, self._clocks.get(host, 0.0))
        write_heartbeat(self._places, self._bu, list(self._runs))

    def report_problem(self, line: str) -> None:
        """Report a problem, which may last, once."""
        if line != self._problem:
            self._report(line)
        self._problem = line

    def close(self) -> None:
        """End all clients at once, as after a loss of power."""
        close_all([process for run in self._runs.values() for process in run.processes.values()])
        for number in self._runs:
            self._content.forget(number)

    def _has_clients(self, run: _Run, host: str) -> bool:
        return any(process.is_alive for process in run.processes.values() if process.host == host)

    def _begin(self, wanted: WantedRun) -> None:
        mark_run(self._places, wanted.run, wanted.key, list(self._runs))
        self._report(f"run {wanted.run} begins: {wanted.lumis} lumisections")
        self._runs[wanted.run] = _Run(wanted)
        self._known = [*(known for known in self._known if known != wanted.run), wanted.run]
        for old in self._known[: -self._kept_runs]:
            self._remove(old)
        del self._known[: -self._kept_runs]
        self.beat()  # before its clients write, or the BU would take it for over

    def _start_and_end(self, run: _Run) -> None:
        """Start clients that are wanted, and end those that are not."""
        clients = run.wanted.clients
        for tag, process in run.processes.items():
            found = clients.get(tag)
            if not process.is_ending and (found is None or found.attempt != process.attempt):
                self._end(run, tag, process)
        for tag, client in clients.items():
            kills = _kills_before(run.processes.get(tag), client.attempt)
            if kills is not None:
                self._start(run, tag, client, kills)

    def _start(self, run: _Run, tag: str, client: WantedClient, kills: int) -> None:
        if before := run.processes.get(tag):
            close_all([before])
        clock_s = self._clocks.get(client.host, 0.0)
        begins = Beginning(run.wanted.run, run.wanted.key, client.host, client.attempt, kills, clock_s)
        run.processes[tag] = ClientProcess(self._places, BY_TAG[tag], begins)

    def _end(self, run: _Run, tag: str, process: ClientProcess) -> None:
        """End a client: well when the run is over, otherwise by a crash."""
        one = run.wanted
        if not one.is_over:
            self._report(f"{tag} crashes in lumisection {one.lumi} of run {one.run}")
            process.crash(one.crash_codes.get(tag, CRASH_CODE))
        elif tag in one.crash_at_end:
            process.crash(CRASH_CODE, self._content.root_file(one, one.lumi, tag) if process.lumi else None)
        else:
            self._write_snapshot(run, tag, process, one.lumi)
            process.end(self._content.root_file(one, one.lumi, tag))

    def _write(self, run: _Run) -> None:
        """Let clients write that have read newer lumisections."""
        for tag, client in run.wanted.clients.items():
            process = run.processes.get(tag)
            if process and process.attempt == client.attempt and not process.is_ending and client.lumi > process.lumi:
                before = process.lumi
                self._write_snapshot(run, tag, process, client.lumi, client.is_cut)
                if before and client.lumi // BACKUP_LUMIS > before // BACKUP_LUMIS:
                    process.write_backup(self._content.root_file(run.wanted, client.lumi, tag), client.lumi)

    def _write_snapshot(self, run: _Run, tag: str, process: ClientProcess, lumi: int, is_cut: bool = False) -> None:
        if lumi > process.lumi:
            process.write_snapshot(self._content.snapshot(run.wanted, lumi, tag), lumi, is_cut)

    def _finish(self, run: _Run) -> None:
        number = run.wanted.run
        close_all(list(run.processes.values()))
        self._content.forget(number)
        del self._runs[number]
        self._report(f"run {number} has ended")
        self.beat()

    def _remove(self, run: int) -> None:
        """Remove the files of an old run from the FUs and the BU, as their own clean-up does."""
        self._content.forget(run)
        for host in self._hosts:
            shutil.rmtree(self._places.upload(host) / "pb" / f"run{run:06}", ignore_errors=True)
            for file in self._places.upload(host).glob(f"DQM_V*_R{run:09}.root*"):
                file.unlink(missing_ok=True)
        shutil.rmtree(self._places.output / f"run{run:06}", ignore_errors=True)
        shutil.rmtree(self._places.ramdisk / f"run{run:06}", ignore_errors=True)
        (self._places.ramdisk / f".run{run:06}.global").unlink(missing_ok=True)


def _kills_before(before: ClientProcess | None, attempt: int) -> int | None:
    """How often the process of this attempt that is to start was killed before; None if none is to start."""
    if before is None:
        return 0
    if before.is_alive:
        return None
    if before.attempt != attempt:
        return 0
    return None if before.is_ending or before.kills == MAX_KILLS else before.kills + 1
