"""Starts, watches and ends a render service for tests."""

from __future__ import annotations

import os
import signal
import subprocess
import sysconfig
import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path

from render.client import RenderClient, Request
from render.errors import RenderError, RenderLost, RenderOverrun
from tests.support.patience import PATIENCE_S

TREE = Path(__file__).parents[2]


def wait_until(condition: Callable[[], bool], what: str) -> None:
    """Wait until `condition` holds. Fails with `what`, the expectation, after PATIENCE_S."""
    deadline = time.monotonic() + PATIENCE_S
    while not condition():
        assert time.monotonic() < deadline, what
        time.sleep(0.01)


def children(pid: int) -> list[int]:
    """The running child processes of `pid`."""
    try:
        return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    except FileNotFoundError:
        return []


def process_name(pid: int) -> str:
    """The name of a process, "" if it has ended."""
    try:
        return Path(f"/proc/{pid}/comm").read_text().strip()
    except (FileNotFoundError, ProcessLookupError):
        return ""


def is_running(pid: int) -> bool:
    """Whether a process exists and is not a zombie."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


class Service:
    """A render service with the state directory `folder`/render/; it waits for a plot as long as tests do, unless arguments say less."""

    def __init__(self, program: Path, folder: Path, *arguments: str, environment: Mapping[str, str] | None = None) -> None:
        self.state = folder / "render"
        self.state.mkdir(parents=True, exist_ok=True)
        self.log_path, self.log_start = folder / f"log-{time.monotonic_ns()}", 0
        with self.log_path.open("wb") as log:
            self.process = subprocess.Popen(
                [program, "--state-directory", f"{self.state}/", "--timeout", f"{PATIENCE_S:.0f}", *arguments],
                stderr=log,
                env={**os.environ, "DQMHUB_SUPERVISOR_PID": str(os.getpid()), **(environment or {})},
            )
        self.client = RenderClient(self.state / "socket", timeout=PATIENCE_S)

    @property
    def log(self) -> str:
        """What it has logged since `forget_log`."""
        return self.log_path.read_bytes()[self.log_start :].decode(errors="replace")

    def forget_log(self) -> None:
        """Tests that share a service do not see the log of others."""
        self.log_start = self.log_path.stat().st_size

    @property
    def workers(self) -> list[int]:
        """Process ids of the workers, without the spare."""
        return [pid for pid in children(self.process.pid) if process_name(pid) == "dqmhub-worker"]

    def wait_until_ready(self) -> Service:
        wait_until(lambda: "ready at" in self.log or self.process.poll() is not None, "the service should be ready")
        assert self.process.poll() is None, self.log
        count = int(self.log.rpartition("workers: ")[2].split()[0])
        wait_until(lambda: len(self.workers) == count, "all workers should be there")
        return self

    def wait_for_log(self, text: str) -> None:
        wait_until(lambda: text in self.log, f"{text!r} should be in the log")

    def draws(self) -> bool:
        """Whether it draws a plot. While the machine stalls, any plot may exceed the short time limit of a test."""
        try:
            return self.client.render(scalar_request("42")).code == 0
        except RenderLost:
            return False

    def ends_with(self, request: Request) -> tuple[str, str]:
        """The reason and the plugin of the error of a plot. While the machine stalls, its time may be over before it is in the plugin."""
        try:
            self.client.render(request)
        except RenderOverrun as error:
            return error.reason, error.plugin
        return "", ""

    def stop(self) -> int:
        """End the service with SIGTERM, as systemd does, and return its exit code."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(PATIENCE_S)

    def __enter__(self) -> Service:
        return self

    def __exit__(self, *_: object) -> None:
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait(PATIENCE_S)


def scalar_request(value: str, spec: str = "w=60;h=40", name: str = "A/scalar") -> Request:
    """A request for a scalar."""
    return Request(name=name, spec=spec, flags=0x02, text=value.encode())


def compile_plugin(folder: Path, source: str) -> Path:
    """Compile one plugin source into a library and return its path."""
    (folder / "Plugin.cc").write_text(source)
    includes = [TREE / "render" / "include" / "src", Path(sysconfig.get_path("platlib")) / "ROOT" / "include"]
    command = ["g++", "-std=c++17", "-shared", "-fPIC", *(f"-I{include}" for include in includes), "-o", "plugins.so", "Plugin.cc"]
    subprocess.run(command, cwd=folder, check=True, timeout=PATIENCE_S)
    return folder / "plugins.so"


class Outcome(threading.Thread):
    """A request in a thread of its own, and its result."""

    def __init__(self, service: Service, request: Request) -> None:
        super().__init__(daemon=True)
        self.service, self.request = service, request
        self.error: RenderError | None = None
        self.start()

    def run(self) -> None:
        try:
            self.service.client.render(self.request)
        except RenderError as error:
            self.error = error

    def result(self) -> RenderError | None:
        self.join(PATIENCE_S)
        assert not self.is_alive()
        return self.error
