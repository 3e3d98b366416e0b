"""State of the systemd units, and whether each runs the release that is in use."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path

from app.core.installation import current, release
from app.core.settings import Settings
from app.ops.doctor.diagnosis import Diagnosis

PROPERTIES = ("Id", "LoadState", "ActiveState", "SubState", "NRestarts", "NeedDaemonReload", "MainPID")
MANY_RESTARTS = 5
TIMEOUT_S = 60


def check(settings: Settings, url: str) -> Iterator[Diagnosis]:
    """The state of the units dqmhub-* in systemd."""
    systemctl = shutil.which("systemctl")
    if not systemctl:
        yield Diagnosis("ok", "not checked: this machine has no systemd")
        return
    command = [systemctl, "show", "dqmhub*", f"--property={','.join(PROPERTIES)}"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=TIMEOUT_S, check=False)
    if done.returncode:
        yield Diagnosis("ok", "not checked: systemd does not run here")
        return
    blocks = [dict(line.partition("=")[::2] for line in block.splitlines()) for block in done.stdout.split("\n\n")]
    units = [unit for unit in blocks if unit.get("LoadState") == "loaded"]
    for unit in units:
        yield from _judge(unit)
    if not units:
        yield Diagnosis("ok", "systemd runs no unit of DQM Hub")


def _judge(unit: Mapping[str, str]) -> Iterator[Diagnosis]:
    name, state = unit["Id"], unit["ActiveState"]
    if state == "failed":
        yield Diagnosis("error", f"{name} has failed", f"journalctl -u {name} -n 50, then systemctl restart {name}")
        return
    problems = []
    restarts = int(unit.get("NRestarts") or 0)
    if restarts >= MANY_RESTARTS:
        problems.append(Diagnosis("warning", f"{name} restarted {restarts} times", f"journalctl -u {name} shows why it ends"))
    if unit.get("NeedDaemonReload") == "yes":
        problems.append(Diagnosis("warning", f"The file of {name} has changed since systemd read it", "systemctl daemon-reload"))
    if other := other_release(int(unit.get("MainPID") or 0)):
        problems.append(Diagnosis("error", f"{name} runs {other}", f"systemctl restart {name}"))
    yield from problems
    if not problems:
        yield Diagnosis("ok", f"{name} is {state} ({unit['SubState']})")


def other_release(process: int) -> str:
    """The release that a process runs, with the one in use, if they differ; "" if they do not, or if it is not known."""
    try:
        command = Path(f"/proc/{process}/cmdline").read_bytes().split(b"\0") if process else []
        folders = [os.readlink(f"/proc/{process}/cwd"), *map(os.fsdecode, command)] if process else []
    except OSError:  # it has ended, or belongs to somebody else
        return ""
    for folder in filter(None, map(Path, folders)):
        for place in (folder, *folder.parents):
            found = release(place)
            used = current(found.prefix) if found else None
            if found and used:
                return "" if found == used else f"the release {found.version}, and {used.version} is in use"
    return ""
