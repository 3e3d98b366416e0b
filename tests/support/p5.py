"""Simulators of P5 in their own processes, and the requests of their clients."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from email.message import Message
from http.client import HTTPConnection
from typing import IO, Any
from urllib.parse import urlsplit

from app.core.settings import TREE
from services.simulator.site import Site, SiteOptions
from tests.support.patience import PATIENCE_S

GATEWAY, BU, FU, CROWDED = "dqmrubu-c2a06-03-01", "dqmrubu-c2a06-01-01", "dqmfu-c2b03-45-01", "dqmfu-c2b04-45-01"
"""The gateway, which is also the BU of playback, and of production the BU, the FU of few clients and the one of many."""


@dataclass(frozen=True)
class Answer:
    status: int
    headers: Message
    content: bytes

    def json(self) -> Any:
        return json.loads(self.content)


class P5:
    """A running simulator, with the requests of its clients."""

    def __init__(self, address: str) -> None:
        self.address = address

    def request(self, method: str, path: str, body: str = "", **headers: str) -> Answer:
        connection = HTTPConnection(urlsplit(self.address).netloc, timeout=PATIENCE_S)
        with contextlib.closing(connection):
            connection.request(method, path, body.encode(), headers)
            answer = connection.getresponse()
            return Answer(answer.status, answer.headers, answer.read())

    def get(self, path: str, **headers: str) -> Answer:
        return self.request("GET", path, **headers)

    def post(self, path: str, body: str = "", **headers: str) -> Answer:
        return self.request("POST", path, body, **headers)

    def redirect(self, host: str, message: dict[str, Any]) -> Answer:
        """Send one message for a host by way of the gateway."""
        return self.post(f"/redirect?path={host}.cms&port=9215", json.dumps({"messages": [json.dumps(message)]}))

    def sync(self, host: str, message: dict[str, Any]) -> list[dict[str, Any]]:
        """The messages that answer one message to a host."""
        answer = self.redirect(host, message)
        assert answer.status == 200, answer.content
        return [json.loads(text) for text in answer.json()["messages"]]

    def headers(self, host: str, known: int | None = None) -> list[dict[str, Any]]:
        messages = self.sync(host, {"event": "sync_request", "known_rev": known})
        return [header for message in messages for header in message["headers"]]

    def documents(self, host: str, *ids: str) -> list[dict[str, Any]]:
        (message,) = self.sync(host, {"event": "request_documents", "ids": list(ids)})
        found: list[dict[str, Any]] = message["documents"]
        return found

    def jobs(self, *hosts: str, run: int | None = None) -> list[dict[str, Any]]:
        """The documents of the jobs on some hosts."""
        found = []
        for host in hosts:
            ids = [header["_id"] for header in self.headers(host) if header["type"] == "dqm-source-state" and run in (None, header["run"])]
            found += self.documents(host, *ids)
        return found

    @property
    def settings(self) -> dict[str, Any]:
        """The settings of a hub that polls this P5."""
        return settings_of(urlsplit(self.address).port or 0)

    def at(self, host: str) -> P5:
        """The server of one host."""
        return P5(self.status()["hosts"][host].get("address", self.address))

    def incident(self, name: str, **arguments: Any) -> Any:
        answer = self.post(f"/_simulator/incidents/{name}", json.dumps(arguments))
        assert answer.status == 200, answer.content
        return answer.json()

    def advance(self, seconds: float) -> None:
        answer = self.post(f"/_simulator/advance?seconds={seconds}")
        assert answer.status == 200, answer.content

    def status(self) -> Any:
        return self.get("/_simulator/status").json()

    def record(self, bodies: bool = False) -> Any:
        return self.get("/_simulator/record" + ("?bodies=1" if bodies else "")).json()


def settings_of(port: int) -> dict[str, Any]:
    """The settings of a hub that polls a simulator with the usual hosts."""
    addresses = Site(SiteOptions(quiet=True)).urls(port)
    return {"square_url": f"http://127.0.0.1:{port}", "square_addresses": tuple(f"{host}={url}" for host, url in addresses.items())}


class P5Process(P5):
    """A simulator, and its process as it was started."""

    def __init__(self, process: subprocess.Popen[str], address: str) -> None:
        super().__init__(address)
        self.process = process


@contextlib.contextmanager
def run_simulator(*arguments: str) -> Iterator[P5Process]:
    """Run a simulator on a free port with these command-line arguments."""
    command = [sys.executable, "-m", "services.simulator", "--port", "0", *arguments]
    environment = os.environ | {"DQMHUB_SUPERVISOR_PID": str(os.getpid())}
    with subprocess.Popen(command, cwd=TREE, env=environment, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        try:
            yield P5Process(process, _address(process.stdout))
        finally:
            process.terminate()


def _address(output: IO[str]) -> str:
    line = output.readline()
    assert line.startswith("Simulated P5 at http://"), line
    return line.split()[-1]


class ForkedP5(P5):
    """A simulator that `Simulators` runs."""

    def __init__(self, pid: int, address: str) -> None:
        super().__init__(address)
        self.pid = pid

    def kill(self) -> None:
        """Kill its process."""
        os.kill(self.pid, signal.SIGKILL)


class Simulators:
    """A process that runs simulators in forks of itself: nearly all that a start costs are the imports."""

    def __init__(self) -> None:
        ours, theirs = socket.socketpair()
        environment = os.environ | {"DQMHUB_SUPERVISOR_PID": str(os.getpid())}
        with theirs:
            command = [sys.executable, "-m", "tests.support.simulators", str(theirs.fileno())]
            self._process = subprocess.Popen(command, cwd=TREE, env=environment, pass_fds=[theirs.fileno()])
        self._channel = ours

    @contextlib.contextmanager
    def run(self, *arguments: str) -> Iterator[ForkedP5]:
        """Run a simulator on a free port with these command-line arguments."""
        reading, writing = os.pipe()
        with open(reading, encoding="utf-8") as output:
            socket.send_fds(self._channel, [json.dumps(["--port", "0", *arguments]).encode()], [writing])
            os.close(writing)
            pid = int(self._channel.recv(32))
            try:
                yield ForkedP5(pid, _address(output))
            finally:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGTERM)
                output.read()  # to its end

    def end(self) -> None:
        """End the process."""
        self._channel.close()
        self._process.wait(PATIENCE_S)
