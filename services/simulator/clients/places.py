"""Folders of the simulated hosts: those of the online system, below one folder."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

_OF_RUN = re.compile(r"\.?run(\d+)(?:\.global)?|DQM_V\d+_.+_R(\d+)\.root.*", re.ASCII)


@dataclass(frozen=True)
class Places:
    """Where everything is.

    Attributes:
        root: The folder that holds all hosts.
    """

    root: Path

    def upload(self, host: str) -> Path:
        """Where the clients of an FU write; snapshots are in its folder `pb`."""
        return self.root / "fu" / host / "upload"

    def input(self, host: str) -> Path:
        """What the clients of an FU read their events from: the argument `runInputDir`."""
        return self.root / "fu" / host / "ramdisk"

    @property
    def output(self) -> Path:
        """Where the BU gets the files of all FUs."""
        return self.root / "bu" / "output" / "DQMOutput"

    @property
    def ramdisk(self) -> Path:
        """Where the BU marks runs."""
        return self.root / "bu" / "ramdisk"

    @property
    def heartbeats(self) -> Path:
        """Where FUs write their heartbeats."""
        return self.ramdisk / "appliance" / "boxes"

    @property
    def gui(self) -> Path:
        """The files of the GUI machine, in its folders `pb` and `root`."""
        return self.root / "gui"

    def state(self, host: str) -> Path:
        """What the transfer keeps on a host."""
        return self.root / "state" / host

    def options(self, role: str) -> Path:
        """The options of the transfer on the host of a role, such as `fu1`, `bu` or `gui`."""
        return self.root / f"{role}.toml"

    @property
    def work(self) -> Path:
        """Files of clients before the clients write them."""
        return self.root / "work"

    def runs(self) -> list[int]:
        """The runs that have files on the FUs or the BU, in the order of their numbers."""
        patterns = "fu/*/upload/*", "fu/*/upload/pb/*", "bu/output/DQMOutput/*", "bu/ramdisk/*", "work/*"
        names = (_OF_RUN.fullmatch(path.name) for pattern in patterns for path in self.root.glob(pattern))
        return sorted({int(match[1] or match[2]) for match in names if match})

    def make(self, hosts: list[str]) -> None:
        """Make all folders."""
        folders = [self.output, self.heartbeats, self.gui / "pb", self.gui / "root", self.work]
        for host in hosts:
            folders += [self.upload(host) / "pb", self.input(host)]
        for folder in folders:
            folder.mkdir(parents=True, exist_ok=True)
