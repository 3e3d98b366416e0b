"""Stress test with crashes, hangs and memory leaks among ordinary requests: `python -m tests.render.storm --minutes 10`.

Every ordinary request must return the same plot as without faults, every injected fault must end with its own error, and the
memory and descriptors of the master must not grow. The exit code is 1 if one of these conditions is violated.
"""

from __future__ import annotations

import argparse
import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

from render.build import build
from render.client import RenderResponse, Request
from render.errors import RenderError
from tests.render.service import TREE, Service, compile_plugin, scalar_request, wait_until
from tests.support.patience import PATIENCE_S

LIMITS = ("--cpu", "0.5", "--timeout", "8", "--memory", "200")
WORKERS, CLIENTS = 3, 6
FAULT_SHARE = 0.1
"""Fraction of the requests that inject a fault."""

FAULTY_PLUGIN = Path(__file__).with_name("faulty_plugin.cc")

FAULTS = {
    "crash": ("RenderCrashed", 10),
    "abort": ("RenderCrashed", 10),
    "deep": ("RenderCrashed", 5),
    "throw": ("RenderLost", 5),
    "hoard": ("RenderExhausted RenderOverrun", 2),  # on a busy machine the time limit is reached first
    "spin": ("RenderOverrun", 2),
    "sleep": ("RenderOverrun", 1),
    "leak": ("code 0", 10),
    "close descriptors": ("RenderDisconnected", 3),
    "mask signals": ("code 0", 3),
    "fork and sleep": ("code 0", 3),
    "fork and return": ("code 0", 3),
    "fork a daemon": ("code 0", 3),
    "thread": ("code 0", 3),
    "close standard descriptors": ("code 0", 3),
    "close signals": ("code 0", 3),
    "draw what crashes": ("RenderCrashed", 3),
    "exit": ("RenderDisconnected", 3),
}
"""Injected faults: permitted outcomes and relative frequency."""

LONG_FAULTS, MOST_RETRIES = ("hoard", "spin", "sleep"), 50
"""While one of these is drawn for long, another of the same name waits in a worker, which may be lost to a plot of somebody else. On a busy
machine that happens again and again, so it is repeated so often."""

RECOVERY_REPETITIONS = {"crash": 20, "throw": 20, "kill -9": 20, "close descriptors": 10, "spin": 5, "hoard": 5}
"""Faults after which the recovery time of a single worker is measured, and how often."""

RECOVERY_AIM_MS = 5
PAUSE_S = 0.05
SAMPLE_S = 0.5
"""Interval at which the resources of the processes are read."""

ORDINARY_OBJECTS = ("TH1F", "TH2F", "TProfile", "words")


@dataclass
class Report:
    """What happened during the stress test."""

    requests: int = 0
    retries: int = 0
    """Repetitions of requests that were lost with a worker that drew another plot; the application repeats them once."""

    outcomes: Counter[str] = field(default_factory=Counter)
    wrong: Counter[str] = field(default_factory=Counter)
    """Requests with an outcome that is not permitted."""

    recovery_s: dict[str, list[float]] = field(default_factory=dict)
    """Seconds from the loss of a single worker to the next plot, by kind of fault."""

    master_kb: list[int] = field(default_factory=list)
    """Resident memory of the master over time."""

    master_fds: list[int] = field(default_factory=list)
    """Open descriptors of the master over time."""

    worker_fds: int = 0
    """Largest number of open descriptors of a worker."""

    lock: threading.Lock = field(default_factory=threading.Lock)

    def add(self, kind: str, outcome: str, *, retries: int, permitted: bool) -> None:
        """Count a request."""
        with self.lock:
            self.requests += 1
            self.retries += retries
            self.outcomes[f"{kind}: {outcome}"] += 1
            if not permitted:
                self.wrong[f"{kind} ended with {outcome}"] += 1

    def violations(self) -> list[str]:
        """The violated conditions, as sentences."""
        found = [f"{what}: {count} times" for what, count in self.wrong.items()]
        if max(self.master_kb[1:]) > 1.05 * self.master_kb[0] + 2048:
            found.append(f"The master grew from {self.master_kb[0]} to {max(self.master_kb)} kB")
        limit = self.master_fds[0] + 1  # one more while it writes its status
        if self.master_fds[-1] != self.master_fds[0] or max(self.master_fds) > limit:
            found.append(f"The descriptors of the master went from {min(self.master_fds)} to {max(self.master_fds)}")
        if self.worker_fds > self.master_fds[0] + 2 * CLIENTS + 4:
            found.append(f"A worker had {self.worker_fds} descriptors")
        return found

    def __str__(self) -> str:
        outcomes = ", ".join(f"{outcome} {count}" for outcome, count in sorted(self.outcomes.items()))
        lines = [f"{self.requests} requests, {self.retries} retries: {outcomes}"]
        lines.append(f"Recovery of a single worker in ms, median and maximum (aim {RECOVERY_AIM_MS}):")
        lines += [f"  after {kind:17} {1000 * median(times):5.1f} {1000 * max(times):5.1f}" for kind, times in self.recovery_s.items()]
        lines += [f"Master: {self.master_kb[0]} kB at the start, {self.master_kb[-1]} kB at the end, {self.master_fds[-1]} descriptors"]
        return "\n".join(lines + (["WRONG: " + line for line in self.violations()] or ["All conditions hold"]))


def outcome_of(service: Service, request: Request) -> tuple[str, RenderResponse | None]:
    """The name of the error or "code N", and the response."""
    try:
        response = service.client.render(request)
    except RenderError as error:
        return type(error).__name__, None
    return f"code {response.code}", response


@dataclass
class StressClient:
    """One client that mixes ordinary requests and faults."""

    service: Service
    requests: list[Request]
    expected: list[RenderResponse]
    rng: random.Random
    report: Report

    def send_one(self) -> None:
        """Send a random request and count its outcome."""
        kind, request, plot = self._choose()
        outcome, response = outcome_of(self.service, request)
        retries = 0
        while outcome == "RenderDisconnected" and retries < (MOST_RETRIES if kind in LONG_FAULTS else 1):
            outcome, response = outcome_of(self.service, request)  # a worker lost to another plot had accepted it
            retries += 1
        permitted = response == plot if plot else outcome in FAULTS[kind][0]
        self.report.add(kind, outcome, retries=retries, permitted=permitted)

    def _choose(self) -> tuple[str, Request, RenderResponse | None]:
        if self.rng.random() < FAULT_SHARE:
            (kind,) = self.rng.choices(list(FAULTS), [weight for _, weight in FAULTS.values()])
            return kind, replace(self.requests[0], name=f"Faulty/{kind}"), None
        index = self.rng.randrange(len(self.requests))
        return "ordinary", self.requests[index], self.expected[index]


def stress(service: Service, requests: list[Request], more: Callable[[int], bool], seed: int, report: Report) -> None:
    """Send requests from CLIENTS threads. Each client stops once `more(number of its requests)` is false."""
    expected = [service.client.render(request) for request in requests]

    def run_client(number: int) -> None:
        client, count = StressClient(service, requests, expected, random.Random(seed * 1000 + number), report), 0
        while more(count):
            client.send_one()
            count += 1

    threads = [threading.Thread(target=run_client, args=(number,)) for number in range(CLIENTS)]
    for thread in threads:
        thread.start()
    while any(thread.is_alive() for thread in threads):
        sample_resources(service, report)
        time.sleep(SAMPLE_S)
    for thread in threads:
        thread.join()
    wait_until(lambda: len(service.workers) == WORKERS, "all workers should be replaced")
    sample_resources(service, report)


def sample_resources(service: Service, report: Report) -> None:
    """Read memory and descriptors of the master, and descriptors of the workers."""
    master = service.process.pid
    status = Path(f"/proc/{master}/status").read_text()
    report.master_kb.append(int(status.partition("VmRSS:")[2].split()[0]))
    report.master_fds.append(len(os.listdir(f"/proc/{master}/fd")))
    for worker in service.workers:
        try:
            report.worker_fds = max(report.worker_fds, len(os.listdir(f"/proc/{worker}/fd")))
        except FileNotFoundError:  # the worker has just been lost
            continue


def measure_recovery(service: Service, request: Request, report: Report) -> None:
    """Measure how soon after each kind of fault a service with one worker draws again."""
    for kind, repetitions in RECOVERY_REPETITIONS.items():
        for _ in range(repetitions):
            time.sleep(PAUSE_S)
            if kind == "kill -9":
                os.kill(service.workers[0], signal.SIGKILL)
            else:
                outcome_of(service, replace(request, name=f"Faulty/{kind}"))
            start = time.perf_counter()
            service.client.render(scalar_request("."))
            report.recovery_s.setdefault(kind, []).append(time.perf_counter() - start)


def run(program: Path, objects: Path, folder: Path, more: Callable[[int], bool], seed: int) -> Report:
    """Run the stress test in services with state directories below `folder`; see `stress` for `more`."""
    requests = [
        Request(name=f"Test/{name}", spec="w=266;h=200", objects=[((objects / f"{name}.obj").read_bytes(), 0)]) for name in ORDINARY_OBJECTS
    ]
    library, report = compile_plugin(folder, FAULTY_PLUGIN.read_text()), Report()
    with Service(program, folder / "single", "--workers", "1", "--load", str(library), *LIMITS) as service:
        measure_recovery(service.wait_until_ready(), requests[0], report)
        assert service.stop() == 0
    with Service(program, folder / "many", "--workers", str(WORKERS), "--load", str(library), *LIMITS) as service:
        stress(service.wait_until_ready(), requests, more, seed, report)
        assert service.stop() == 0, service.log[-2000:]
    return report


def main() -> int:
    """Run the stress test for the time on the command line. Returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m tests.render.storm", description="Stress test of the render service with faults.")
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--seed", type=int, default=1)
    args = parser.parse_args()
    with TemporaryDirectory(prefix="dqmhub-storm-") as name:
        folder = Path(name)
        (folder / "objects").mkdir()
        script = Path(__file__).with_name("make_objects.py")
        subprocess.run([sys.executable, "-W", "ignore", str(script), str(folder / "objects")], check=True, timeout=PATIENCE_S)
        program, end = build(TREE, sys.executable), time.monotonic() + args.minutes * 60
        report = run(program, folder / "objects", folder, lambda _: time.monotonic() < end, args.seed)
    print(report)
    return 1 if report.violations() else 0


if __name__ == "__main__":
    sys.exit(main())
