"""A separate hub for benchmarks, with real processes and an empty database."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

START_S = 60


def cpu_s(*processes: int) -> float:
    """CPU time that processes and their children have used, s."""
    ticks = 0
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rpartition(") ")[2].split()
        except OSError:
            continue
        if {int(stat.parent.name), int(fields[1])} & {*processes}:
            ticks += sum(map(int, fields[11:15]))  # user and system time, also of children that have ended
    return ticks / os.sysconf("SC_CLK_TCK")


def memory_mb(process: int) -> float:
    """Proportional set size (PSS) of a process in MB."""
    lines = Path(f"/proc/{process}/smaps_rollup").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("Pss:")) / 1024


class Hub:
    """Running web and render services with a data folder."""

    def __init__(self, data: Path, port: int, **variables: str) -> None:
        self.data = data
        self.port = port
        self.url = f"http://127.0.0.1:{port}"
        self.environment = os.environ | {
            "DQMHUB_DATA_DIR": str(data),
            "DQMHUB_WEB_PORT": str(port),
            "DQMHUB_LOG_LEVEL": "warning",
            "DQMHUB_ANONYMOUS_READ": "loopback",
            **variables,
        }

    def command(self, *arguments: str) -> str:
        """Run a `dqmhub` command on this hub and return its output."""
        program = Path(sys.executable).with_name("dqmhub")
        done = subprocess.run([program, *arguments], env=self.environment, stdout=subprocess.PIPE, text=True, check=True)
        return done.stdout

    def start(self, service: str) -> subprocess.Popen[bytes]:
        return subprocess.Popen([Path(sys.executable).with_name("dqmhub"), service], env=self.environment)

    def web_processes(self) -> list[int]:
        """Process ids of the web workers, without their master."""
        found = []
        for stat in Path("/proc").glob("[0-9]*/stat"):
            try:
                fields = stat.read_text().rpartition(") ")[2].split()
            except OSError:
                continue
            if int(fields[1]) == self.master:
                found.append(int(stat.parent.name))
        return found

    master = 0
    services: tuple[int, ...] = ()

    def cpu_s(self) -> float:
        """CPU time that the services and their children have used, s."""
        return cpu_s(*self.services)

    def get(self, path: str) -> bytes:
        """The body of the answer to a request, which must have the status 200."""
        with urllib.request.urlopen(self.url + path, timeout=60) as response:
            body: bytes = response.read()
        return body


@contextmanager
def hub(data: Path, **variables: str) -> Iterator[Hub]:
    """Starts a hub with web and render services on a free port, and ends it afterwards. variables: of its environment."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    running = Hub(data, port, **variables)
    running.command("db", "upgrade")
    services = [running.start("render"), running.start("web")]
    running.master = services[1].pid
    running.services = tuple(service.pid for service in services)
    try:
        end = time.monotonic() + START_S
        while not _ready(running.url):
            assert time.monotonic() < end, "The hub did not start"
            time.sleep(0.05)
        yield running
    finally:
        for service in services:
            service.terminate()
        for service in services:
            service.wait(30)


def _ready(url: str) -> bool:
    try:
        with urllib.request.urlopen(f"{url}/healthz/ready", timeout=5) as response:
            return bool(response.status == 200)
    except OSError:
        return False
