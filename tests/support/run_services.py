"""The stand-ins for token server, OMS and Run Registry as a real process."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from typing import Any

from app.core.settings import TREE
from app.runs.settings import RunsSettings
from tests.support.patience import PATIENCE_S


class RunServicesProcess:
    """A process of the stand-ins at an address."""

    def __init__(self, address: str) -> None:
        self.address = address

    @property
    def values(self) -> dict[str, Any]:
        """The settings of a hub that uses these services."""
        return {
            "runs_oms_url": f"{self.address}/agg/api/v1",
            "runs_rr_url": f"{self.address}/api",
            "runs_auth_url": f"{self.address}/auth/realms/cern",
            "runs_client_id": "dqmhub",
            "runs_client_secret": "dqmhub-demo-secret",
            "runs_timeout_s": min(PATIENCE_S, 60.0),
        }

    def settings(self, **changes: Any) -> RunsSettings:
        return RunsSettings(**{**self.values, **changes})

    def post(self, path: str, body: Any) -> Any:
        request = urllib.request.Request(f"{self.address}/_simulator/{path}", json.dumps(body).encode(), method="POST")
        with urllib.request.urlopen(request, timeout=PATIENCE_S) as answer:
            return json.load(answer)

    def reset(self) -> None:
        """Forget everything that was changed and requested."""
        self.post("reset", {})

    def fault(self, service: str, kind: str = "", count: int = 1, **arguments: Any) -> None:
        """The next requests of a service are answered so; without a kind: none any more."""
        self.post(f"faults/{service}", {"kind": kind, "count": count, **arguments} if kind else {})

    def change(self, run: int, **changes: Any) -> None:
        self.post(f"runs/{run}", changes)

    def requests(self, service: str = "", path: str = "") -> list[dict[str, Any]]:
        """The requests so far, without those of the tests."""
        with urllib.request.urlopen(f"{self.address}/_simulator/record", timeout=PATIENCE_S) as answer:
            rows = json.load(answer)["requests"]
        return [row for row in rows if service in ("", row["service"]) and row["path"].endswith(path)]


@contextlib.contextmanager
def run_services(*arguments: str) -> Iterator[RunServicesProcess]:
    """Stand-ins on a free port."""
    command = [sys.executable, "-m", "services.simulator.run_services", "--port", "0", *arguments]
    environment = os.environ | {"DQMHUB_SUPERVISOR_PID": str(os.getpid())}
    with subprocess.Popen(command, cwd=TREE, env=environment, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        try:
            line = process.stdout.readline()
            assert "at http://" in line, line
            yield RunServicesProcess(line.split()[-1])
        finally:
            process.terminate()
