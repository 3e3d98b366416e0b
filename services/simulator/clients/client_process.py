"""What a simulated client does: the process runs as `cmsRun CONFIGURATION runInputDir=... runNumber=N`.

It gets one JSON object in each line of its standard input, at first its tag and places, then what to do. At the end of the input
it ends, as after kill -9. This file is run by itself. It imports little, so that a process needs 4 MB.
"""

from __future__ import annotations

import json
import os
import sys
import time

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


class Client:
    """Writes files as CMSSW's DQMFileSaverPB and DQMFileSaverOnline do."""

    def __init__(self, run: int, tag: str, host: str, upload: str, clock_s: float) -> None:
        """A client.

        Args:
            run: Its run.
            tag: The word for it in names of files.
            host: Its host.
            upload: Folder of its ROOT files, and of `pb/` for snapshots.
            clock_s: How far the clock of the host is ahead, s.
        """
        self._run, self._tag, self._host, self._clock_s = run, tag, host, clock_s
        self._upload, self._snapshots = upload, f"{upload}/pb/run{run:06}"
        self._backup: list[str] = []
        os.makedirs(self._snapshots, exist_ok=True)

    def snapshot(self, file: str, cut: bool = False) -> None:
        """Write all MEs so far, and the report that has their size; `cut`: the last third is missing."""
        content = _read(file)
        if not content:
            return  # this client is late, and a newer one follows
        os.unlink(file)
        content = content[: len(content) * 2 // 3] if cut else content
        name = f"run{self._run:06}_{self._tag}_DQMLive"
        self._write(f"{self._snapshots}/{name}.pb", ".open", content)
        data = ["-1", "-1", "0", "0", f"{name}.pb", str(len(content)), "", "-1", "", "", "0"]
        report = {"data": data, "definition": "/fakeDefinition.jsn", "source": f"{self._host}_{os.getpid()}"}
        self._write(f"{self._snapshots}/{name}.jsn", ".open", json.dumps(report).encode())

    def root_file(self, file: str, backup_of: int = 0) -> None:
        """Write the ROOT file at the end of the run, or a backup of it at a lumisection; the backup before it is removed."""
        from hashlib import md5  # here, since it is large

        content = _read(file)
        if not content:
            return
        stem = f"{self._upload}/DQM_V0001_{self._tag}_R{self._run:09}.root"
        suffix = f".ls{backup_of:08}_host{self._host}_pid{os.getpid():08}" if backup_of else ""
        target, origin = f"{stem}{suffix}", f"{stem}.origin{suffix}"
        self._write(target, ".tmp", content)
        self._write(origin, ".tmp", f"md5:{md5(content).hexdigest()} {len(content)} {target}\n".encode())
        for path in self._backup:
            os.unlink(path)
        self._backup = [target, origin] if backup_of else []

    def crash(self, code: int, writes: str = "") -> int:
        """Leave half of the ROOT file `writes`, or of a snapshot, and the report of a crash."""
        if writes:
            part = f"{self._upload}/DQM_V0001_{self._tag}_R{self._run:09}.root.tmp"
        else:
            part = f"{self._snapshots}/run{self._run:06}_{self._tag}_DQMLive.pb.open"
        content = _read(writes) if writes else b"\n\n"
        with open(part, "wb") as file:
            file.write(content[: len(content) // 2])
        with open(f"{self._snapshots}/run{self._run:06}_ls0000_crash_pid{os.getpid():05}.jsn", "w") as file:
            json.dump({"errorCode": code}, file)
        return code % 256

    def _write(self, path: str, ending: str, content: bytes) -> None:
        """Write under a temporary name, with the time of this host, and rename."""
        with open(path + ending, "wb") as file:
            file.write(content)
        if self._clock_s:
            now = time.time() + self._clock_s
            os.utime(path + ending, (now, now))
        os.replace(path + ending, path)


def _read(path: str) -> bytes:
    """The content of a file; empty when there is none any more."""
    try:
        with open(path, "rb") as file:
            return file.read()
    except FileNotFoundError:
        return b""


def main() -> int:
    """Do what the lines of the standard input say; returns the exit code."""
    run = next(int(argument.partition("=")[2]) for argument in sys.argv if argument.startswith("runNumber="))
    client: Client | None = None
    for line in sys.stdin:
        order: dict[str, Any] = json.loads(line)
        action = order.pop("do")
        if action == "begin":
            client = Client(run, **order)
        elif client and action == "snapshot":
            client.snapshot(**order)
        elif client and action in ("backup", "end"):
            client.root_file(**order)
            if action == "end":
                return 0
        elif client and action == "crash":
            return client.crash(**order)
    return 137


if __name__ == "__main__":
    sys.exit(main())
