"""The stand-in P5 as a process of its own, and what a client of it does."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import requests

from app.settings import TREE

GATEWAY, BU, FU, CROWDED = "dqmrubu-c2a06-03-01", "dqmrubu-c2a06-01-01", "dqmfu-c2b03-45-01", "dqmfu-c2b04-45-01"
"""The gateway, which is also the BU of playback, and of production the BU, the FU of few clients and the one of many."""


class P5:
    """A stand-in that runs, and what a client of it does."""

    def __init__(self, process: subprocess.Popen[str], address: str) -> None:
        self.process = process
        self.address = address

    def post(self, path: str, body: str, host: str = "") -> requests.Response:
        headers = {"Host": host} if host else {}
        return requests.post(self.address + path, data=body.encode(), headers=headers, timeout=60)

    def get(self, path: str, **headers: str) -> requests.Response:
        return requests.get(self.address + path, headers=headers, timeout=60, allow_redirects=False)

    def ask(self, host: str, message: dict[str, Any]) -> list[dict[str, Any]]:
        """Send one message for a host by way of the gateway; the messages that come back."""
        answer = self.post(f"/redirect?path={host}.cms&port=9215", json.dumps({"messages": [json.dumps(message)]}))
        assert answer.status_code == 200, answer.text
        return [json.loads(text) for text in answer.json()["messages"]]

    def headers(self, host: str, known: int | None = None) -> list[dict[str, Any]]:
        messages = self.ask(host, {"event": "sync_request", "known_rev": known})
        return [header for message in messages for header in message["headers"]]

    def documents(self, host: str, *ids: str) -> list[dict[str, Any]]:
        (message,) = self.ask(host, {"event": "request_documents", "ids": list(ids)})
        found: list[dict[str, Any]] = message["documents"]
        return found

    def incident(self, name: str, **arguments: Any) -> Any:
        answer = requests.post(f"{self.address}/_simulator/incidents/{name}", json=arguments, timeout=60)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def advance(self, seconds: float) -> None:
        requests.post(f"{self.address}/_simulator/advance?seconds={seconds}", timeout=60).raise_for_status()

    def status(self) -> Any:
        return self.get("/_simulator/status").json()

    def record(self, bodies: bool = False) -> Any:
        return self.get("/_simulator/record" + ("?bodies=1" if bodies else "")).json()


@contextlib.contextmanager
def stand_in(*arguments: str) -> Iterator[P5]:
    """A stand-in on a free port, with these arguments of its command line."""
    command = [sys.executable, "-m", "services.simulator", "--port", "0", *arguments]
    environment = os.environ | {"DQMHUB_SUPERVISOR_PID": str(os.getpid())}
    with subprocess.Popen(command, cwd=TREE, env=environment, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        try:
            line = process.stdout.readline()
            assert line.startswith("stand-in P5 at http://"), line
            yield P5(process, line.split()[-1])
        finally:
            process.terminate()
