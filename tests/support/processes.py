"""Services of the product as real processes, and waiting for what they do."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import Any

from app.core.settings import TREE, Settings, setting_rows
from tests.support.patience import PATIENCE_S

LOOPBACK_RIGHTS: dict[str, Any] = {"anonymous_read": "loopback", "register_networks": ("127.0.0.0/8", "::1/128")}
"""Settings that give clients on this machine rights without proof, for tests of other things."""


def environment(settings: Settings) -> dict[str, str]:
    """The environment of a process with these settings, without variables of this process that are settings.

    Unless they say otherwise, clients on this machine need no proof, see LOOPBACK_RIGHTS.
    """
    ours = {name for row in setting_rows() for name in (f"DQMHUB_{row.name.upper()}", row.metadata["env"])} | {
        "DQMHUB_CONFIG",
        "DQMHUB_SUPERVISOR_PID",
    }
    variables = {name: value for name, value in os.environ.items() if name not in ours}
    for row in setting_rows():
        value = settings[row.name] if row.name in settings.values else LOOPBACK_RIGHTS.get(row.name, row.default)
        if value != row.default:
            variables[f"DQMHUB_{row.name.upper()}"] = ",".join(value) if isinstance(value, tuple) else str(value)
    return variables


LEAST_PAUSE_S, MOST_PAUSE_S = 0.02, 0.5
PAUSES = 4
"""A condition that starts a program is evaluated for a fifth of the time, so that what the test waits for gets the processor."""


def until(condition: Callable[[], object], what: str) -> None:
    """Wait until the condition holds; a hang fails with what was waited for."""
    end = time.monotonic() + PATIENCE_S
    asked = time.monotonic()
    while not condition():
        now = time.monotonic()
        assert now < end, f"waited in vain for {what}"
        time.sleep(min(MOST_PAUSE_S, max(LEAST_PAUSE_S, PAUSES * (now - asked))))
        asked = time.monotonic()


@contextmanager
def stopped(pids: list[int]) -> Iterator[None]:
    """Processes that hang in this block."""
    assert pids
    for pid in pids:
        os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        for pid in pids:
            os.kill(pid, signal.SIGCONT)


def wait_for_jobs() -> None:
    """Wait for the jobs that run in threads of this process: each closes its connection only while the database is the same."""
    for thread in threading.enumerate():
        if thread.name.startswith("job-"):
            thread.join(PATIENCE_S)


@contextmanager
def service(
    settings: Settings, name: str, log: Path | None = None, before: str = "", **variables: str
) -> Iterator[subprocess.Popen[bytes]]:
    """One of the product's own services, by the name of its command; its standard error goes to the end of a file.

    Args:
        before: Python that is run before it starts.
    """
    command = [sys.executable, "-c", f"{before}\nfrom app.cli import main; main([{name!r}])"]
    env = environment(settings) | {"DQMHUB_SUPERVISOR_PID": str(os.getpid())} | variables
    with log.open("ab") if log else nullcontext() as stderr:
        process = subprocess.Popen(command, cwd=TREE, env=env, stderr=stderr)
    try:
        yield process
    finally:
        process.terminate()
        process.wait(PATIENCE_S)


@contextmanager
def consumer(settings: Settings, queue: str, **variables: str) -> Iterator[subprocess.Popen[bytes]]:
    """A consumer with the handlers of tests/support/consumer.py, in a session of its own; it ends with the tests at the latest."""
    start = "cli.settings(); run_module('tests.support.consumer', run_name='__main__')"  # its imports come after the settings
    command = [sys.executable, "-c", f"from runpy import run_module; from app import cli; {start}", queue]
    env = environment(settings) | {"DQMHUB_SUPERVISOR_PID": str(os.getpid())} | variables
    process = subprocess.Popen(command, cwd=TREE, env=env, start_new_session=True)
    try:
        yield process
    finally:
        process.terminate()
        process.wait(PATIENCE_S)
        until(lambda: not of_session(process.pid), "the children of a consumer to end")


def of_session(session: int) -> list[int]:
    """The processes of a session that live, the leader included."""
    numbers = [int(name) for name in os.listdir("/proc") if name.isdigit()]
    return [number for number in numbers if _session_of(number) == session and not _has_ended(number)]


def _session_of(number: int) -> int | None:
    """The session of a process: many times quicker than from its files in /proc, which are all looked at again and again."""
    try:
        return os.getsid(number)
    except ProcessLookupError:
        return None


def _has_ended(number: int) -> bool:
    """Whether a process has ended, also if its parent has not waited for it."""
    try:
        state = Path(f"/proc/{number}/stat").read_text().rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return True
    return state == "Z"
