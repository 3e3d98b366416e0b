"""The tables of the options: each option with its default, its meaning and its check."""

from __future__ import annotations

import socket
from dataclasses import dataclass, field
from typing import Any

from .checks import (
    Check,
    between,
    check_address,
    check_addresses,
    check_command,
    check_host,
    check_log_format,
    check_log_level,
    check_name,
    check_optional_place,
    check_optional_url,
    check_place,
    check_program,
    check_server,
    check_target,
    check_url,
)


def option(default: Any, help: str, check: Check = lambda _: "") -> Any:
    """A field of a table of options."""
    return field(default=default, metadata={"help": help, "check": check})


def required(help: str, check: Check) -> Any:
    """A field that a table must have."""
    return field(default="", metadata={"help": help, "check": check, "required": True})


def _tables() -> Any:
    """A field for tables that may be there several times."""
    return field(default=())


@dataclass(frozen=True)
class HubOptions:
    """A hub that gets the reports."""

    url: str = required("address of a hub that gets reports", check_url)
    token_file: str = option("", "file with the API token of an operator there; empty: none", check_optional_place)


@dataclass(frozen=True)
class FuOptions:
    """Filter unit."""

    folder: str = option("/home/dqmprolocal/output/upload", "folder in which the clients write", check_place)
    target: str = option("/fff/BU0/output/DQMOutput", "folder of the BU: local, mounted, or user@host:/folder by ssh", check_target)
    input_folder: str = option("", "`runInputDir` of the clients of this host; empty: that of any cmsRun", check_optional_place)
    scan_s: float = option(30.0, "seconds between two scans for files that inotify missed", between(0.1, 3600))
    retry_s: float = option(1.0, "seconds before a failed copy is tried again; each further time twice as long", between(0.01, 3600))
    retry_most_s: float = option(60.0, "maximum number of seconds before a failed copy is tried again", between(0.01, 3600))
    end_s: float = option(15.0, "seconds without a client process after which a run is over: clients start again", between(0.1, 3600))
    begin_s: float = option(300.0, "the same for a run without any client process so far: clients may start later", between(0.1, 86400))
    ssh: tuple[str, ...] = option(("ssh",), "command of ssh, with its options", check_command)


@dataclass(frozen=True)
class GuiMachineOptions:
    """A GUI machine."""

    name: str = required("name of a GUI machine in logs and on pages", check_name)
    host: str = option("", "host or user@host, reached by ssh; empty: the folders are local or mounted", check_address)
    pb_folder: str = option("/data/dqmgui/files/pb", "folder of its concatenations", check_place)
    root_folder: str = option("/data/dqmgui/files/root", "folder of its merged files", check_place)
    hub_pb_folder: str = option("", "path of `pb_folder` for its hub, if it differs", check_optional_place)
    hub_root_folder: str = option("", "path of `root_folder` for its hub, if it differs", check_optional_place)
    hub: str = option("", "address of its hub, where files are registered; empty: they are only copied", check_optional_url)
    token_file: str = option("", "file with the API token of an operator of that hub; empty: none", check_optional_place)


@dataclass(frozen=True)
class BuOptions:
    """Builder unit."""

    folder: str = option("/fff/output/DQMOutput", "folder with the files of all FUs", check_place)
    heartbeats: str = option("/fff/ramdisk/appliance/boxes", "folder with the heartbeats of the FUs", check_place)
    period_s: float = option(10.0, "maximum number of seconds from a new snapshot to a concatenation", between(0.1, 3600))
    quiet_s: float = option(1.0, "seconds without a new snapshot after which a concatenation is made earlier", between(0, 3600))
    heartbeat_gap_s: float = option(5.0, "minimum number of seconds between two readings of a heartbeat that end a run", between(0.1, 3600))
    heartbeat_stale_s: float = option(60.0, "seconds without a change of its heartbeat after which an FU is ignored", between(0.1, 86400))
    hadd: str = option("hadd", "program hadd of ROOT 6.22 or later", check_program)
    root: str = option("root", "program root of the same ROOT", check_program)
    merge_wait_s: float = option(60.0, "maximum number of seconds that a merge waits for a ROOT file of each client", between(0, 86400))
    merge_limit_s: float = option(3600.0, "maximum number of seconds for a merge", between(1, 86400))
    watch_days: float = option(2.0, "days for which late files of a run are merged", between(0.01, 365))
    ssh: tuple[str, ...] = option(("ssh",), "command of ssh, with its options", check_command)
    gui_machines: tuple[GuiMachineOptions, ...] = _tables()


@dataclass(frozen=True)
class CleanupOptions:
    """Clean-up on a GUI machine."""

    folder: str = option("/data/dqmgui/files/pb", "folder with the PB files", check_place)
    period_s: float = option(10.0, "seconds between two rounds", between(0.1, 3600))
    newest: int = option(10, "newest PB files of the newest run that are never removed", between(1, 100_000))
    life_time_min: float = option(10.0, "minutes for which a PB file of the newest run is never removed", between(0, 10_000))
    disk_mark: float = option(0.9, "used part of the disk above which PB files of the newest run are removed", between(0, 1))
    disk_low: float = option(0.85, "used part of the disk at which this removal ends; at most disk_mark", between(0, 1))
    release_link: str = option("", "link to the release: the service ends when its target changes; empty: none", check_optional_place)
    mail_to: tuple[str, ...] = option((), "addresses that get mail when the disk stays above the mark", check_addresses)
    mail_from: str = option("dqmhub-transfer@localhost", "sender of that mail", lambda value: check_addresses((value,)))
    mail_server: str = option("localhost:25", "SMTP server", check_server)
    mail_period_min: float = option(30.0, "minimum number of minutes between two mails", between(0, 10_000))


@dataclass(frozen=True)
class Options:
    """Options of all modes."""

    log_level: str = option("info", "lowest level of log messages", check_log_level)
    log_format: str = option("text", "log messages as text for people, or json: one object per line", check_log_format)
    host: str = option("", "name of this host in names of files and on pages; empty: its short name", check_host)
    state: str = option("/var/lib/dqmhub-transfer", "folder for the journal and the locks of the service", check_place)
    hubs: tuple[HubOptions, ...] = _tables()
    fu: FuOptions = field(default_factory=FuOptions)
    bu: BuOptions = field(default_factory=BuOptions)
    cleanup: CleanupOptions = field(default_factory=CleanupOptions)

    @property
    def host_name(self) -> str:
        """The name of this host, without its domain unless the option has one."""
        return self.host or socket.gethostname().partition(".")[0]


TABLES: dict[str, type] = {"fu": FuOptions, "bu": BuOptions, "cleanup": CleanupOptions}
"""Tables that are there once, by their names."""
LISTS: dict[str, type] = {"hubs": HubOptions, "bu.gui_machines": GuiMachineOptions}
"""Tables that may be there several times, by their names."""
