"""Clients on the hosts of a site: processes named cmsRun, whose files are those that ROOT wrote before."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from pathlib import Path

from tests.transfer.site.hosts import Host

CLIENTS = ("SiStrip", "Ecal", "CSC")
"""Tags, which are their subsystems, too; all share the MEs of the subsystem Shared."""
VERSIONS = 6
"""Snapshots of each client and run; the first of them have fewer entries."""
END = "end.root"


class Client:
    """A client of a run.

    Attributes:
        tag: Its tag.
        run: Its run.
        host: Where it runs.
        snapshots: Names of the versions of its snapshots that it wrote, in order.
        has_ended_well: Whether it wrote its ROOT file.
    """

    def __init__(self, tag: str, run: int, host: Host, source: Path, skew_s: float = 0.0) -> None:
        """Start the process of a client.

        Args:
            tag: Its tag.
            run: Its run.
            host: Where it runs; its files are below `upload` of the folder of the host.
            source: The files by ROOT, as write_clients makes them.
            skew_s: By how much the clock of the host is wrong, s: files have such times.
        """
        self.tag, self.run, self.host = tag, run, host
        self._source, self._skew_s = source, skew_s
        self.snapshots: list[str] = []
        self.has_ended_well = False
        self._root_folder = host.folder / "upload"
        self._pb_folder = self._root_folder / "pb" / f"run{run:06}"
        self._pb_folder.mkdir(parents=True, exist_ok=True)
        program = host.folder / "cmsRun"
        if not program.exists():
            program.symlink_to("/bin/sh")
        script = host.folder / f"{tag.lower()}_dqm_sourceclient-live_cfg.py"
        script.write_text("read line\n")
        arguments = [str(program), str(script), "runInputDir=/fff/ramdisk", f"runNumber={run}"]
        self.process = host.start(arguments, host.folder / "clients.log")
        self._source_word = f"{host.name}_{self.process.own_pid()}"

    def snapshot(self, version: int) -> None:
        """Write a snapshot and its report, as CMSSW does."""
        key = f"{self.run}/{self.tag}/{version}.pb"
        self.write_snapshot((self._source / key).read_bytes())
        self.snapshots.append(key)

    def write_snapshot(self, content: bytes) -> None:
        """Write a snapshot with this content, which does not count for what GUIs must show, and its report."""
        name = f"run{self.run:06}_{self.tag}_DQMLive"
        self._write(self._pb_folder / f"{name}.pb", content, ".open")
        data = ["-1", "-1", "0", "0", f"{name}.pb", str(len(content)), "", "-1", "", "", "0"]
        report = {"data": data, "definition": "/fff/BU0/none.jsd", "source": self._source_word}
        self._write(self._pb_folder / f"{name}.jsn", json.dumps(report).encode(), ".open")

    def backup(self) -> None:
        """Write a backup of the ROOT file, which nobody may send."""
        ending = f"ls{15:08}_host{self.host.name}_pid{self.process.own_pid():08}"
        shutil.copyfile(self._source / str(self.run) / self.tag / END, self.root_file.with_name(f"{self.root_file.name}.{ending}"))

    def begin_root_file(self) -> None:
        """Write half of the ROOT file under its final name."""
        content = (self._source / str(self.run) / self.tag / END).read_bytes()
        self.root_file.write_bytes(content[: len(content) // 2])

    def end(self) -> None:
        """Write the ROOT file, or the rest of it, and its origin, and end with exit code 0."""
        content = (self._source / str(self.run) / self.tag / END).read_bytes()
        if self.root_file.exists():
            with self.root_file.open("ab") as file:
                file.write(content[file.tell() :])
        else:
            self._write(self.root_file, content, ".tmp")
        self._write_origin(content)
        self.has_ended_well = True
        self.process.end()

    def end_damaged(self) -> None:
        """Write a damaged ROOT file with the origin of just this, and end."""
        content = (self._source / str(self.run) / self.tag / END).read_bytes()[:-1000]
        self._write(self.root_file, content, ".tmp")
        self._write_origin(content)
        self.process.end()

    def _write_origin(self, content: bytes) -> None:
        origin = f"md5:{hashlib.md5(content).hexdigest()} {len(content)} {self.root_file}"
        self._write(self.root_file.with_name(self.root_file.name + ".origin"), origin.encode(), ".tmp")

    def crash(self) -> None:
        """End as by a segmentation fault, and report it."""
        pid = self.process.own_pid()
        self.process.end(11)
        report = self._pb_folder / f"run{self.run:06}_ls0000_crash_pid{pid:05}.jsn"
        report.write_text(json.dumps({"errorCode": 139}))

    @property
    def root_file(self) -> Path:
        """The ROOT file that it writes at its end."""
        return self._root_folder / f"DQM_V0001_{self.tag}_R{self.run:09}.root"

    def _write(self, path: Path, content: bytes, ending: str) -> None:
        temporary = path.with_name(path.name + ending)
        temporary.write_bytes(content)
        if self._skew_s:
            wrong = temporary.stat().st_mtime + self._skew_s
            os.utime(temporary, (wrong, wrong))
        temporary.replace(path)
