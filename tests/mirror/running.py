"""A mirror as a process of its own."""

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
from tests.mirror import made
from tests.support.patience import PATIENCE_S
from tests.support.ports import free_port
from tests.support.processes import of_session, until


class Answer(NamedTuple):
    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


def ask(url: str, body: bytes | None = None, **headers: str) -> Answer:
    """What a server answers; OSError when none does."""
    request = urllib.request.Request(url, body, {name.replace("_", "-"): value for name, value in headers.items()})
    try:
        with urllib.request.urlopen(request, timeout=PATIENCE_S) as answer:
            return Answer(answer.status, dict(answer.headers), answer.read())
    except urllib.error.HTTPError as error:
        with error:
            return Answer(error.code, dict(error.headers), error.read())
    except HTTPException as error:
        raise OSError(f"the answer was broken off: {error!r}") from error


class Running:
    """A mirror that is started, killed and started again. before: words of the command line that its own stand behind."""

    def __init__(self, place: Path, before: tuple[str, ...] = (), host: str = "127.0.0.1", **options: Any) -> None:
        self.port = free_port()
        self.supervisor = os.getpid()
        self.url = f"http://{host}:{self.port}"
        self.data = place / "mirror"
        self.log = place / "log"
        given = {"host": host, "port": self.port, "data": self.data, "keys": made.PUBLIC, "rate": 0} | options
        named = [text for name, value in given.items() for text in (f"--{name.replace('_', '-')}", str(value))]
        self._command = [*before, sys.executable, "-m", "services.mirror", *named]
        self.start()

    def start(self) -> None:
        variables = os.environ | {"DQMHUB_SUPERVISOR_PID": str(self.supervisor)}
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(self._command, cwd=TREE, stdout=log, stderr=log, start_new_session=True, env=variables)
        until(lambda: self.process.poll() is not None or self.answers(), "the mirror")
        assert self.process.poll() is None, self.log.read_text()

    def answers(self) -> bool:
        try:
            return self.get("/healthz").status == 200
        except OSError:
            return False

    def get(self, address: str, **headers: str) -> Answer:
        return ask(self.url + address, **headers)

    def post(self, raw: bytes) -> Answer:
        return ask(f"{self.url}/snapshots", raw)

    def kill(self) -> None:
        """All its processes at once, by SIGKILL."""
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait(PATIENCE_S)
        until(lambda: not of_session(self.process.pid), "the processes of a mirror to end")

    def end(self) -> None:
        self.process.terminate()
        self.process.wait(PATIENCE_S)
        until(lambda: not of_session(self.process.pid), "the processes of a mirror to end")


@contextmanager
def running(place: Path, **options: Any) -> Iterator[Running]:
    """A mirror until the end of the block."""
    mirror = Running(place, **options)
    try:
        yield mirror
    finally:
        mirror.end()
