"""Processes of simulated clients."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple

from .demo_clients import DemoClient
from .places import Places

END_S = 2.0
"""Seconds that clients have to end, before they are killed: somebody may have stopped one."""
_SCRIPT = Path(__file__).with_name("client_process.py")


class Beginning(NamedTuple):
    """With what a process of a client begins.

    Attributes:
        run: Its run.
        key: The run key.
        host: Its FU.
        attempt: 1 for the first process of the client in the run, then 2, 3, ...
        kills: How often a process of this attempt was killed by somebody else.
        clock_s: How far the clock of the host is ahead, s.
    """

    run: int
    key: str
    host: str
    attempt: int
    kills: int
    clock_s: float

    def arguments(self, folder: Path) -> list[str]:
        """The arguments of cmsRun for a client that reads its events from a folder."""
        restarted = ["skipFirstLumis=True"] if self.attempt > 1 or self.kills else []
        return [f"runInputDir={folder}", f"runNumber={self.run}", *restarted, f"runkey={self.key}"]


class ClientProcess:
    """A process of a client.

    Attributes:
        host: Its FU.
        attempt: 1 for the first process of the client in the run, then 2, 3, ...
        kills: How often a process of this attempt was killed by somebody else before.
        lumi: Lumisection of its last snapshot; 0: none so far.
        is_ending: Whether it was told to end.
    """

    def __init__(self, places: Places, client: DemoClient, begins: Beginning) -> None:
        """Start it. Raises `OSError`."""
        self.host, self.attempt, self.kills = begins.host, begins.attempt, begins.kills
        self.lumi = 0
        self.is_ending = False
        self._process = subprocess.Popen(
            ["cmsRun", "-SP", str(_configuration(places, client)), *begins.arguments(places.input(begins.host))],
            executable=_program(places),
            stdin=subprocess.PIPE,
            bufsize=0,
            env=os.environ | {"PYTHONHOME": f"{sys.base_prefix}:{sys.base_exec_prefix}"},
            start_new_session=True,  # Ctrl-C is for the simulator, which ends its clients
        )
        if self._process.stdin:
            os.set_blocking(self._process.stdin.fileno(), False)  # a stopped client reads nothing
        self._tell("begin", tag=client.tag, host=begins.host, upload=str(places.upload(begins.host)), clock_s=begins.clock_s)

    @property
    def is_alive(self) -> bool:
        """Whether the process runs."""
        return self._process.poll() is None

    def write_snapshot(self, file: Path, lumi: int, cut: bool) -> None:
        """Let it write a snapshot; `file` has the content, and is removed."""
        self.lumi = lumi
        self._tell("snapshot", file=str(file), cut=cut)

    def write_backup(self, file: Path, lumi: int) -> None:
        """Let it write a backup of its ROOT file; `file` has the content."""
        self._tell("backup", file=str(file), backup_of=lumi)

    def end(self, file: Path) -> None:
        """Let it write its ROOT file and end; `file` has the content."""
        self.is_ending = True
        self._tell("end", file=str(file))

    def crash(self, code: int, root_file: Path | None = None) -> None:
        """Let it crash, while it writes its ROOT file if there is one."""
        self.is_ending = True
        self._tell("crash", code=code, writes=str(root_file or ""))

    def close_input(self) -> None:
        """Close its input, at which it ends."""
        with suppress(OSError):
            if self._process.stdin:
                self._process.stdin.close()

    def wait(self, seconds: float) -> None:
        """Wait for its end, and kill it after some seconds."""
        try:
            self._process.wait(seconds)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def _tell(self, action: str, **arguments: Any) -> None:
        with suppress(OSError):  # it has ended
            if self._process.stdin:  # a line is shorter than PIPE_BUF, so that the pipe takes all of it or, when it is full, nothing
                self._process.stdin.write(json.dumps({"do": action} | arguments).encode() + b"\n")


def close_all(processes: Sequence[ClientProcess]) -> None:
    """End clients; at most END_S."""
    for process in processes:
        process.close_input()
    end = time.monotonic() + END_S
    for process in processes:
        process.wait(max(0.0, end - time.monotonic()))


def _program(places: Places) -> Path:
    """A link to the interpreter, so that the process has the name cmsRun."""
    link = places.work / "cmsRun"
    with suppress(FileExistsError):
        link.symlink_to(os.path.realpath(sys.executable))
    return link


def _configuration(places: Places, client: DemoClient) -> Path:
    """A link to the script of clients, with the name of the configuration of this one."""
    link = places.work / f"{client.name}_cfg.py"
    with suppress(FileExistsError):
        link.symlink_to(_SCRIPT)
    return link
