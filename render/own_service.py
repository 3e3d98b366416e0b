"""A render service for one user: the running one, or one that lives only as long as it is used."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from render.client import RenderClient
from render.errors import RenderError, RenderUnavailable

START_S = 60.0


@contextmanager
def client_of(socket: Path, command: Sequence[str]) -> Iterator[RenderClient]:
    """A client of the running service at `socket`, or else of one that this command starts in a folder of its own.

    Raises RenderUnavailable, with what the service logged, if it cannot be started.
    """
    client = RenderClient(socket)
    try:
        client.ping()
    except RenderError:
        with temporary_service(command) as own:
            yield own
    else:
        yield client


@contextmanager
def temporary_service(command: Sequence[str]) -> Iterator[RenderClient]:
    """A client of a service that this command, without its folder, starts. Raises RenderUnavailable."""
    with TemporaryDirectory(prefix="dqmhub-", ignore_cleanup_errors=True) as folder:
        log = Path(folder, "log")
        with log.open("wb") as errors:
            process = subprocess.Popen([*command, "--state-directory", f"{folder}/"], stderr=errors)
        try:
            yield _wait_until_ready(process, Path(folder, "socket"), log)
        finally:
            process.terminate()
            process.wait()


def _wait_until_ready(process: subprocess.Popen[bytes], socket: Path, log: Path) -> RenderClient:
    end, client = time.monotonic() + START_S, RenderClient(socket)
    while time.monotonic() < end and process.poll() is None:
        try:
            client.ping()
        except RenderError:
            time.sleep(0.02)
        else:
            return client
    raise RenderUnavailable(f"Cannot start the render service: {log.read_text(errors='replace').strip()}")
