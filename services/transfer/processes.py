"""Client processes of runs on this host, as /proc lists them."""

from __future__ import annotations

import os
import re
from typing import NamedTuple

PROGRAM = "cmsRun"
_INPUT = "runInputDir="
_RUN = re.compile(r"runNumber=(\d{1,10})", re.ASCII)


class ClientProcess(NamedTuple):
    """A running client.

    Attributes:
        pid: Number of the process.
        run: Its run.
        client: Its configuration, such as `sistrip_dqm_sourceclient-live_cfg.py`, without folders.
        restarted: Whether it continues a client that ended before.
        input_folder: Where it reads events.
    """

    pid: int
    run: int
    client: str
    restarted: bool
    input_folder: str = ""


def all_client_processes() -> list[ClientProcess]:
    """The running clients of all runs, without zombie processes.

    Raises `OSError` when /proc cannot be listed.
    """
    found = (_client(int(name)) for name in os.listdir("/proc") if name.isdigit())
    return sorted(client for client in found if client is not None)


def client_processes(run: int) -> list[ClientProcess]:
    """The running clients of one run. Raises `OSError`."""
    return [client for client in all_client_processes() if client.run == run]


def _client(pid: int) -> ClientProcess | None:
    try:
        with open(f"/proc/{pid}/cmdline", "rb", buffering=0) as file:
            arguments = [os.fsdecode(part) for part in file.read().split(b"\0")]
    except OSError:
        return None  # it ended meanwhile, or is not visible to this user
    if os.path.basename(arguments[0]) != PROGRAM:
        return None
    run = next((int(match[1]) for match in map(_RUN.fullmatch, arguments) if match), 0)
    client = next((os.path.basename(part) for part in arguments[1:] if part.endswith(".py")), "")
    folder = next((part.removeprefix(_INPUT) for part in arguments if part.startswith(_INPUT)), "")
    return ClientProcess(pid, run, client, "skipFirstLumis=True" in arguments, folder)
