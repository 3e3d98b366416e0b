"""Whether this release works with the database: its web server is started beside the services, on a free port of this machine."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import time
from collections.abc import Sequence
from contextlib import closing
from tempfile import TemporaryFile
from typing import Any

from app.core.settings import Settings
from app.http_client import HttpClient, HttpError
from app.ops.backup.owner import owner_of
from app.ops.upgrade.errors import UpgradeError
from app.security.this_machine import read_key

READY_S = 60.0
"""Longest time until the web server shows its pages."""
LOOK_S = 0.1
PAGES = ("", "status")
"""Pages that must not fail."""


def check_health(settings: Settings, program: Sequence[str]) -> None:
    """Raise UpgradeError unless the web server of a release can use the database and shows pages.

    Args:
        program: Starts `dqmhub` of that release.
    """
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    variables = {"DQMHUB_WEB_HOST": "127.0.0.1", "DQMHUB_WEB_PORT": str(port), "DQMHUB_WEB_WORKERS": "1"}
    environment = {name: value for name, value in os.environ.items() if name != "NOTIFY_SOCKET"} | variables
    owner = owner_of(settings.data)
    identity: dict[str, Any] = {"user": owner.user, "group": owner.group, "extra_groups": []} if os.geteuid() == 0 else {}
    with TemporaryFile() as messages:
        server = subprocess.Popen(
            [*program, "web"], env=environment, stdin=subprocess.DEVNULL, stdout=messages, stderr=messages, **identity
        )
        try:
            problem = _problem(settings, f"http://127.0.0.1:{port}{settings.url_prefix}/", server)
        finally:
            server.terminate()
            server.wait()
        if problem:
            messages.seek(0)
            raise UpgradeError(f"its web server does not work: {problem}{_last_error(messages.read().decode(errors='replace'))}")


def _last_error(messages: str) -> str:
    """The end of a sentence with the last message of a log that is no information."""
    lines = [line.strip() for line in messages.splitlines() if line.strip() and " INFO " not in line and not line.startswith(" ")]
    return f" ({lines[-1]})" if lines else ""


def _problem(settings: Settings, address: str, server: subprocess.Popen[bytes]) -> str:
    """What is wrong with a web server that starts; "" for nothing."""
    end = time.monotonic() + READY_S
    key = read_key(settings)
    with closing(HttpClient(headers={"Authorization": f"Bearer {key}"} if key else {})) as client:
        while problem := _not_ready(client, address):
            if server.poll() is not None:
                return f"it ended with code {server.returncode}"
            if time.monotonic() > end:
                return problem
            time.sleep(LOOK_S)
        try:
            statuses = {page: client.request("GET", address + page, deadline_s=READY_S, max_bytes=1 << 24).status for page in PAGES}
        except HttpError as error:
            return str(error)
    return "; ".join(f"/{page} has status {status}" for page, status in statuses.items() if status >= 500)


def _not_ready(client: HttpClient, address: str) -> str:
    """Why the hub is not ready; its render service, which does not run yet, and its disk are no reasons."""
    try:
        ready = client.request("GET", f"{address}healthz/ready", deadline_s=READY_S, max_bytes=1 << 20)
        return "it cannot use the database" if json.loads(ready.body)["checks"]["database"] == "down" else ""
    except (HttpError, ValueError, LookupError, TypeError) as error:
        return f"no answer about its health ({error})"
