"""What the processes of a site do: their threads, errors in their logs, their CPU time, and their periodic tasks."""

from __future__ import annotations

import os
import re
import time
from collections.abc import Collection
from pathlib import Path

from app.core.settings import TREE
from app.queue.periodic import PeriodicTaskState
from tests.chaos.findings import Finding, area_of_path, becomes_true
from tests.chaos.process import END, SHOW_THREADS
from tests.chaos.site import Site
from tests.support.processes import of_session

BUSY = 0.7
"""A process that uses more of a core for a second is not idle."""
SHORT_PERIOD_S = 10.0
"""Periodic tasks of longer periods are not waited for."""
MOST_FOR_STACKS_S = 5.0
"""A stopped process writes none."""
NOT_COMPARED = (".venv/", "app/queue/", "tests/chaos/process.py")
"""Code with threads that come and go: libraries, background jobs and periodic tasks."""
FRAME = re.compile(r'File "(.+)", line \d+ in (\w+)')


class ProcessWatch:
    """What the processes do now, to be compared with what they do later.

    hopeless: Areas whose threads are not waited for, since they do not come back.
    """

    def __init__(self, site: Site, hopeless: Collection[str] = ()) -> None:
        self.site, self.hopeless = site, hopeless
        self.logs = {name: site.log(name).stat().st_size for name in site.services}
        self.processes = site.processes()
        self.threads = _threads(site)
        healthy = (
            (PeriodicTaskState.failures == 0) & (PeriodicTaskState.period_s <= SHORT_PERIOD_S) & PeriodicTaskState.last_ok.is_null(False)
        )
        self.tasks = [task.name for task in PeriodicTaskState.select().where(healthy)]

    def differences(self, kills: bool) -> list[Finding]:
        """What is worse now, after waiting for it to become as before.

        kills: Processes may be others than before.
        """
        found = self._errors()
        if not kills:
            found += [
                Finding("core", name, f"the process {pid} has ended")
                for name, before in self.processes.items()
                if name in ("web", "live")
                for pid in before
                if pid not in self.site.processes()[name]
            ]
        becomes_true(lambda: not any(finding.area not in self.hopeless for finding in self._missing_threads()))
        found += self._missing_threads()
        since = time.time()
        if not becomes_true(lambda: not self._stalled_tasks(since)):
            found += [Finding("queue", name, "the periodic task does not go on") for name in self._stalled_tasks(since)]
        if not becomes_true(lambda: not _busy(self.site)):
            found += [Finding("core", name, "a process uses a whole core") for name in _busy(self.site)]
        return found

    def _missing_threads(self) -> list[Finding]:
        missing = sorted(self.threads - _threads(self.site))
        return [Finding(area_of_path(file), f"{file} {function}", f"a thread of {name} has ended") for name, file, function in missing]

    def _stalled_tasks(self, since: float) -> list[str]:
        late = PeriodicTaskState.last_ok.is_null() | (PeriodicTaskState.last_ok < since)
        return [task.name for task in PeriodicTaskState.select().where(PeriodicTaskState.name.in_(self.tasks) & late)]

    def _errors(self) -> list[Finding]:
        """Tracebacks in the logs since the beginning."""
        found = []
        for name, size in self.logs.items():
            text = self.site.log(name).read_bytes()[size:].decode("utf-8", "replace")
            for part in text.split("Traceback (most recent call last):")[1:]:
                files = re.findall(rf'File "{TREE}/((?!tests/chaos)[^"]+)", line (\d+)', part)
                error = next((line for line in part.splitlines() if re.match(r"\w[\w.]*(Error|Exception|Exists|Replaced)?(:|$)", line)), "")
                file, line = files[-1] if files else ("", "")
                found.append(Finding(area_of_path(file), f"{file}:{line}", f"a traceback in the log of {name}: {error}"))
        return list(dict.fromkeys(found))


def _threads(site: Site) -> set[tuple[str, str, str]]:
    """Service, file and function of what the threads of all processes run, but for those of jobs and periodic tasks."""
    found: set[tuple[str, str, str]] = set()
    for name in ("web", "live", "worker"):
        for pid in of_session(site.services[name].pid):
            found |= {(name, file, function) for file, function in _threads_of(pid, site.threads / f"{pid}")}
    return found


def _threads_of(pid: int, stacks: Path) -> set[tuple[str, str]]:
    try:
        if b"tests.chaos.process" not in Path(f"/proc/{pid}/cmdline").read_bytes() or not stacks.exists():
            return set()
        size = stacks.stat().st_size
        os.kill(pid, SHOW_THREADS)
    except OSError:
        return set()
    becomes_true(lambda: _rest(stacks, size).endswith(END) or not Path(f"/proc/{pid}").exists(), MOST_FOR_STACKS_S)
    targets = set()
    for stack in _rest(stacks, size).split("\n\n"):
        ours = [(file.removeprefix(f"{TREE}/"), function) for file, function in FRAME.findall(stack) if file.startswith(f"{TREE}/")]
        targets |= {target for target in ours[:1] if not target[0].startswith(NOT_COMPARED)}
    return targets


def _rest(path: Path, size: int) -> str:
    return path.read_bytes()[size:].decode("utf-8", "replace")


def _busy(site: Site) -> list[str]:
    """Services with a process that uses most of a core for a second."""
    before, begin = _ticks(site), time.monotonic()
    time.sleep(1.0)
    most = BUSY * (time.monotonic() - begin) * os.sysconf("SC_CLK_TCK")
    return sorted({name for (name, pid), ticks in _ticks(site).items() if ticks - before.get((name, pid), ticks) > most})


def _ticks(site: Site) -> dict[tuple[str, int], int]:
    """CPU time of each process, in ticks of the system."""
    found = {}
    for name, processes in site.processes().items():
        for pid in processes:
            try:
                fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
            except OSError:
                continue
            found[name, pid] = int(fields[11]) + int(fields[12])
    return found
