"""A mirror in its own process."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPException
from pathlib import Path
from typing import Any, NamedTuple

from app.core.settings import TREE
from tests.mirror import samples
from tests.support.patience import PATIENCE_S
from tests.support.ports import free_port
from tests.support.processes import of_session, until


class Response(NamedTuple):
    """A response of an HTTP server."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


def fetch(url: str, body: bytes | None = None, **headers: str) -> Response:
    """Send a request. OSError when there is no complete response."""
    request = urllib.request.Request(url, body, {name.replace("_", "-"): value for name, value in headers.items()})
    try:
        with urllib.request.urlopen(request, timeout=PATIENCE_S) as response:
            return Response(response.status, dict(response.headers), response.read())
    except urllib.error.HTTPError as error:
        with error:
            return Response(error.code, dict(error.headers), error.read())
    except HTTPException as error:
        raise OSError(f"Incomplete response: {error!r}") from error


class MirrorProcess:
    """A mirror process that can be killed and started again.

    directory: for its data and log. prefix_command: command that runs the mirror, such as prlimit with its arguments.
    """

    def __init__(self, directory: Path, prefix_command: tuple[str, ...] = (), host: str = "127.0.0.1", **options: Any) -> None:
        self.port = free_port()
        self.supervisor = os.getpid()
        self.url = f"http://{host}:{self.port}"
        self.data = directory / "mirror"
        self.log = directory / "log"
        all_options = {"host": host, "port": self.port, "data": self.data, "keys": samples.PUBLIC_KEY, "rate": 0} | options
        arguments = [text for name, value in all_options.items() for text in (f"--{name.replace('_', '-')}", str(value))]
        self._command = [*prefix_command, sys.executable, "-m", "services.mirror", *arguments]
        self.start()

    def start(self) -> None:
        """Start the process, and wait until it answers."""
        variables = os.environ | {"DQMHUB_SUPERVISOR_PID": str(self.supervisor)}
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(self._command, cwd=TREE, stdout=log, stderr=log, start_new_session=True, env=variables)
        until(lambda: self.process.poll() is not None or self.is_ready(), "the mirror")
        assert self.process.poll() is None, self.log.read_text()

    def is_ready(self) -> bool:
        """Whether it answers requests."""
        try:
            return self.get("/healthz").status == 200
        except OSError:
            return False

    def get(self, address: str, **headers: str) -> Response:
        """Send a GET request."""
        return fetch(self.url + address, **headers)

    def post(self, raw: bytes) -> Response:
        """Upload a snapshot."""
        return fetch(f"{self.url}/snapshots", raw)

    def kill(self) -> None:
        """Kill all its processes at once."""
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait(PATIENCE_S)
        until(lambda: not of_session(self.process.pid), "the processes of a mirror to end")

    def stop(self) -> None:
        """Stop it by SIGTERM."""
        self.process.terminate()
        self.process.wait(PATIENCE_S)
        until(lambda: not of_session(self.process.pid), "the processes of a mirror to end")


@contextmanager
def mirror_process(directory: Path, **options: Any) -> Iterator[MirrorProcess]:
    """A mirror that runs until the end of the block."""
    mirror = MirrorProcess(directory, **options)
    try:
        yield mirror
    finally:
        mirror.stop()
