"""A hub whose services run as real processes: each with its own log, each can be killed and started again."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import urllib3

from app.core.settings import TREE, Settings
from tests.support import site
from tests.support.patience import PATIENCE_S
from tests.support.processes import environment, of_session, until

COMMAND = ("-c", "from app.cli import main; main()")
"""Arguments of Python that start a service; its name follows."""
SERVICES = ("render", "web", "live", "worker")
ONE_OF_EACH: dict[str, Any] = {
    "web_workers": 1,
    "worker_processes": 1,
    "render_workers": 1,
    "runs_oms_url": "http://127.0.0.1:1/agg/api/v1",  # where nobody listens
    "runs_period_s": 3600.0,
}
"""Settings of a small hub."""


class Answer(NamedTuple):
    """The response to a request."""

    status: int  # 0: none
    text: str


class RunningHub:
    """The services of a hub.

    Attributes:
        settings: Theirs.
        command: Arguments of Python that start a service; its name follows.
        services: The running ones by name.
        logs: The folder of their logs.
    """

    def __init__(self, settings: Settings, logs: Path, command: Sequence[str] = COMMAND) -> None:
        self.settings, self.logs, self.command = settings, logs, command
        self.services: dict[str, subprocess.Popen[bytes]] = {}
        self._environment = environment(settings) | {"DQMHUB_SUPERVISOR_PID": str(os.getpid())}
        self._pool = urllib3.PoolManager(maxsize=8, block=True, retries=False)

    def start(self, name: str) -> None:
        """Start a service, in a session of its own."""
        with self.log(name).open("ab") as log:
            self.services[name] = subprocess.Popen(
                [sys.executable, *self.command, name], cwd=TREE, env=self._environment, stdout=log, stderr=log, start_new_session=True
            )

    def stop(self) -> None:
        """End all services with all of their processes."""
        for process in self.services.values():
            process.terminate()
        for process in self.services.values():
            process.wait(PATIENCE_S)
        until(lambda: not any(of_session(process.pid) for process in self.services.values()), "every process to end")

    def log(self, name: str) -> Path:
        """The file with the log of a service."""
        return self.logs / f"{name}.log"

    def log_text(self, name: str) -> str:
        """The log of a service."""
        return self.log(name).read_text(encoding="utf-8", errors="replace")

    def request(self, method: str, path: str, **options: Any) -> Answer:
        """Send a request."""
        return self.fetch(f"{site.address(self.settings)}{path}", method, **options)

    def fetch(self, url: str, method: str = "GET", **options: Any) -> Answer:
        """Send a request to any server."""
        try:
            answer = self._pool.request(method, url, redirect=False, timeout=PATIENCE_S, **options)
        except urllib3.exceptions.HTTPError as error:
            return Answer(0, repr(error))
        return Answer(answer.status, answer.data.decode("utf-8", "replace"))

    def get(self, path: str) -> Answer:
        """Send a request for a page."""
        return self.request("GET", path)

    def store_link(self, view: str) -> bool:
        """Store a short link to a view, as pages do; whether that is confirmed."""
        fields = {"address": view}
        return self.request("POST", "/s", fields=fields, encode_multipart=False).status in (200, 201, 303)

    def is_ready(self) -> bool:
        """Whether all services are ready."""
        return self.get("/healthz/ready").status == 200

    def wait_for_status(self, text: str) -> None:
        """Wait until the status page, or what is shown in its place, has a text."""
        until(lambda: text in self.get("/status").text, f"the status page to say {text!r}")


@contextmanager
def running_hub(
    settings: Settings, logs: Path, command: Sequence[str] = COMMAND, services: tuple[str, ...] = SERVICES
) -> Iterator[RunningHub]:
    """A hub that runs and is ready; its database is there already."""
    hub = RunningHub(settings, logs, command)
    try:
        for name in services:
            hub.start(name)
        until(hub.is_ready, "the hub to be ready")
        yield hub
    finally:
        hub.stop()
