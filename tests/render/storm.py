"""A storm of crashes, hangs and lost memory among ordinary requests: `python -m tests.render.storm --minutes 10`.

Every ordinary request must be answered with the picture that it has in quiet times, every injected fault must end with its
own error, and the master's memory and descriptors must stay as they were. Exit code 1 when one of these is not so.
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
from dataclasses import dataclass, field, replace
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

from render.build import build
from render.client import RenderError, RenderResponse, Request
from tests.render.service import TREE, Service, compiled, eventually, text
from tests.support.patience import PATIENCE_S

LIMITS = ("--cpu", "0.5", "--timeout", "3", "--memory", "200")
WORKERS, CLIENTS = 3, 6
FAULT_SHARE = 0.1
WILD = Path(__file__).with_name("wild_plugin.cc")

FAULTS = {
    "crash": ("RenderCrashed", 10),
    "abort": ("RenderCrashed", 10),
    "deep": ("RenderCrashed", 5),
    "throw": ("RenderLost", 5),
    "hoard": ("RenderExhausted RenderOverrun", 2),  # on a busy machine time runs out first
    "spin": ("RenderOverrun", 2),
    "sleep": ("RenderOverrun", 1),
    "leak": ("code 0", 10),
}
"""What is injected: how it may end, and how often it comes."""

RETURNS = {"crash": 20, "throw": 20, "kill -9": 20, "spin": 5, "hoard": 5}
"""After what a lone worker is replaced while a client waits, and how often that is measured."""

AIM_MS, PAUSE_S = 5, 0.05

LEAST = 1000
"""Requests of a storm at least, however slow the machine is: enough of them that each fault has its turn."""

QUIET = ("TH1F", "TH2F", "TProfile", "words")


@dataclass
class Storm:
    """What happened. again: requests that were lost with a worker that drew another plot, and asked once more, as the application
    does; wrong: requests that did not end as they must; back_s: seconds from
    the loss of a lone worker to the next plot, by kind of loss."""

    asked: int = 0
    again: int = 0
    ended: Counter[str] = field(default_factory=Counter)
    wrong: Counter[str] = field(default_factory=Counter)
    back_s: dict[str, list[float]] = field(default_factory=dict)
    master_kb: list[int] = field(default_factory=list)
    master_fds: list[int] = field(default_factory=list)
    worker_fds: int = 0

    def complaints(self) -> list[str]:
        """What is not as it must be."""
        found = [f"{count} times {what}" for what, count in self.wrong.items()]
        if max(self.master_kb[1:]) > 1.05 * self.master_kb[0] + 2048:
            found.append(f"the master grew from {self.master_kb[0]} to {max(self.master_kb)} kB")
        if self.master_fds[-1] != self.master_fds[0] or max(self.master_fds) > self.master_fds[0] + 1:  # one while it writes its status
            found.append(f"the master's descriptors went from {min(self.master_fds)} to {max(self.master_fds)}")
        if self.worker_fds > self.master_fds[0] + 2 * CLIENTS + 4:
            found.append(f"a worker had {self.worker_fds} descriptors")
        return found

    def __str__(self) -> str:
        lines = [
            f"{self.asked} requests, {self.again} asked once more: "
            + ", ".join(f"{what} {count}" for what, count in sorted(self.ended.items()))
        ]
        lines.append(f"ms from the loss of a lone worker to the next plot, median and most (aim {AIM_MS}):")
        lines += [f"  after {how:8} {1000 * median(times):5.1f} {1000 * max(times):5.1f}" for how, times in self.back_s.items()]
        lines += [f"master: {self.master_kb[0]} kB at the start, {self.master_kb[-1]} kB at the end, {self.master_fds[-1]} descriptors"]
        return "\n".join(lines + (["WRONG: " + line for line in self.complaints()] or ["all ended as they must"]))


def ended(service: Service, request: Request) -> tuple[str, RenderResponse | None]:
    try:
        rendered = service.client.render(request)
    except RenderError as error:
        return type(error).__name__, None
    return f"code {rendered.code}", rendered


def rage(service: Service, requests: list[Request], seconds: float, seed: int, storm: Storm) -> None:
    """Ask from CLIENTS threads for so long."""
    expected = [service.client.render(request) for request in requests]
    end, lock = time.monotonic() + seconds, threading.Lock()

    def client(number: int) -> None:
        chance, again = random.Random(seed * 1000 + number), 0
        kinds, weights = list(FAULTS), [weight for _, weight in FAULTS.values()]
        while time.monotonic() < end or storm.asked < LEAST:
            if chance.random() < FAULT_SHARE:
                (kind,) = chance.choices(kinds, weights)
                asked, picture = replace(requests[0], name=f"Wild/{kind}"), None
            else:
                which = chance.randrange(len(requests))
                kind, asked, picture = "ordinary", requests[which], expected[which]
            outcome, rendered = ended(service, asked)
            if outcome == "RenderDisconnected":  # a worker that was lost to another plot had taken it before it was all there
                again += 1
                outcome, rendered = ended(service, asked)
            right = rendered == picture if picture else outcome in FAULTS[kind][0]
            with lock:
                storm.asked += 1
                storm.ended[f"{kind}: {outcome}"] += 1
                if not right:
                    storm.wrong[f"{kind} ended with {outcome}"] += 1

        with lock:
            storm.again += again

    threads = [threading.Thread(target=client, args=(number,)) for number in range(CLIENTS)]
    for thread in threads:
        thread.start()
    while any(thread.is_alive() for thread in threads):
        look(service, storm)
        time.sleep(min(1.0, seconds / 10))
    for thread in threads:
        thread.join()
    eventually(lambda: len(service.workers) == WORKERS, "all workers should be there again")
    look(service, storm)


def look(service: Service, storm: Storm) -> None:
    master = service.process.pid
    status = Path(f"/proc/{master}/status").read_text()
    storm.master_kb.append(int(status.partition("VmRSS:")[2].split()[0]))
    storm.master_fds.append(len(os.listdir(f"/proc/{master}/fd")))
    for worker in service.workers:
        try:
            storm.worker_fds = max(storm.worker_fds, len(os.listdir(f"/proc/{worker}/fd")))
        except FileNotFoundError:  # it has just been lost
            continue


def measure_return(service: Service, wild: Request, storm: Storm) -> None:
    """How soon after each kind of loss a service with one worker draws again."""
    for how, times in RETURNS.items():
        for _ in range(times):
            time.sleep(PAUSE_S)
            if how == "kill -9":
                os.kill(service.workers[0], signal.SIGKILL)
            else:
                ended(service, replace(wild, name=f"Wild/{how}"))
            start = time.perf_counter()
            service.client.render(text("."))
            storm.back_s.setdefault(how, []).append(time.perf_counter() - start)


def run(program: Path, objects: Path, folder: Path, seconds: float, seed: int) -> Storm:
    """A storm of so many seconds in a service of its own."""
    requests = [Request(name=f"Test/{name}", spec="w=266;h=200", objects=[((objects / f"{name}.obj").read_bytes(), 0)]) for name in QUIET]
    library, storm = compiled(folder, WILD.read_text()), Storm()
    with Service(program, folder / "lone", "--workers", "1", "--load", str(library), *LIMITS) as service:
        measure_return(service.wait_until_ready(), requests[0], storm)
        assert service.stop() == 0
    with Service(program, folder / "many", "--workers", str(WORKERS), "--load", str(library), *LIMITS) as service:
        rage(service.wait_until_ready(), requests, seconds, seed, storm)
        assert service.stop() == 0, service.log[-2000:]
    return storm


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="python -m tests.render.storm", description="Crashes, hangs and lost memory among ordinary requests."
    )
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    with TemporaryDirectory(prefix="dqmhub-storm-") as name:
        folder = Path(name)
        (folder / "objects").mkdir()
        script = Path(__file__).with_name("make_objects.py")
        subprocess.run([sys.executable, "-W", "ignore", str(script), str(folder / "objects")], check=True, timeout=PATIENCE_S)
        storm = run(build(TREE, sys.executable), folder / "objects", folder, given.minutes * 60, given.seed)
    print(storm)
    return 1 if storm.complaints() else 0


if __name__ == "__main__":
    sys.exit(main())
