"""Whether this release works with the database: its web server is started beside the services, on a free port of this machine."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import time
from collections.abc import Sequence
from contextlib import closing, suppress
from tempfile import TemporaryFile

from app.core.deadline import deadline, expired
from app.core.settings import Settings
from app.http_client import HttpClient, HttpError
from app.ops.upgrade.errors import UpgradeError
from app.security.this_machine import read_key

READY_S = 300.0
"""Longest time until the web server has shown its pages, s: services are stopped meanwhile."""
END_S = 5.0
"""Longest time until the processes of the web server have ended after it."""
LOOK_S = 0.1
PAGES = ("", "status")
"""Pages that must be shown."""


def check_health(settings: Settings, program: Sequence[str]) -> None:
    """Raise UpgradeError unless the web server of a release can use the database and shows pages.

    Args:
        program: Starts `dqmhub` of that release.
    """
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    variables = {
        "DQMHUB_WEB_HOST": "127.0.0.1",
        "DQMHUB_WEB_PORT": str(port),
        "DQMHUB_WEB_WORKERS": "1",
        "DQMHUB_LOG_FORMAT": "text",  # so that the reason can be found among the messages
        "DQMHUB_ANONYMOUS_READ": "local",  # so that the key of this machine opens the pages
        "DQMHUB_SUPERVISOR_PID": str(os.getpid()),  # it ends with this process, also after kill -9
    }
    environment = {name: value for name, value in os.environ.items() if name != "NOTIFY_SOCKET"} | variables
    with TemporaryFile() as messages:
        server = subprocess.Popen(
            [*program, "web"], env=environment, stdin=subprocess.DEVNULL, stdout=messages, stderr=messages, process_group=0
        )
        try:
            with deadline(READY_S):
                problem = _problem(settings, f"http://127.0.0.1:{port}{settings.url_prefix}/", server)
            messages.seek(0)
            log = messages.read().decode(errors="replace")  # what comes later is about the end of the server
        finally:
            _end(server)
        if problem:
            raise UpgradeError(f"its web server does not work: {problem}{_last_error(log)}")


def _end(server: subprocess.Popen[bytes]) -> None:
    """End a web server with its processes: one that outlives it for a moment would count as a service that runs."""
    server.terminate()
    server.wait()
    end = time.monotonic() + END_S
    with suppress(ProcessLookupError):
        while time.monotonic() < end:
            os.killpg(server.pid, signal.SIGKILL)
            time.sleep(LOOK_S)


def _last_error(messages: str) -> str:
    """The end of a sentence with the last line of a log that is no information: a message, or the error at the end of its traceback."""
    lines = [line.strip() for line in messages.splitlines() if line.strip() and " INFO " not in line]
    return f" ({lines[-1]})" if lines else ""


def _problem(settings: Settings, address: str, server: subprocess.Popen[bytes]) -> str:
    """What is wrong with a web server that starts, until the deadline in force; "" for nothing."""
    with closing(HttpClient()) as client:
        while problem := _not_ready(client, address):
            if server.poll() is not None:
                return f"it ended with code {server.returncode}"
            if expired():
                return problem
            time.sleep(LOOK_S)
    with closing(HttpClient(headers={"Authorization": f"Bearer {read_key(settings)}"})) as client:
        try:
            statuses = {page: client.request("GET", address + page, deadline_s=READY_S, max_bytes=1 << 24).status for page in PAGES}
        except HttpError as error:
            return str(error)
    return "; ".join(f"/{page} has status {status}" for page, status in statuses.items() if status != 200)


def _not_ready(client: HttpClient, address: str) -> str:
    """Why the hub is not ready; its render service, which does not run yet, and its disk are no reasons."""
    try:
        ready = client.request("GET", f"{address}healthz/ready", deadline_s=READY_S, max_bytes=1 << 20)
        return "it cannot use the database" if json.loads(ready.body)["checks"]["database"] == "down" else ""
    except (HttpError, ValueError, LookupError, TypeError) as error:
        return f"no answer about its health ({error})"
