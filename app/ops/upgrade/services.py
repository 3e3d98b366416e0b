"""Stops and starts the services, by systemd or by a command of the administrator."""

from __future__ import annotations

import shutil
import socket
import subprocess
import time
from collections.abc import Sequence
from pathlib import Path

from app.core import database
from app.core.heartbeat import Service
from app.core.settings import Settings
from app.ops.backup.running import running_services
from app.ops.owner import acting_as_superuser
from app.ops.upgrade.errors import UpgradeError

SYSTEMD = Path("/run/systemd/system")
TARGET = "dqmhub.target"
START_S = 300.0
"""Longest time until all services that ran before have started and reported."""
STOP_S = 30.0
"""Longest time until the services of other machines have become silent, or ended."""
LOOK_S = 0.2


def default_command() -> tuple[str, ...]:
    """The command of systemd where it runs; () elsewhere: then the administrator stops and starts the services."""
    return ("systemctl",) if SYSTEMD.is_dir() and shutil.which("systemctl") else ()


class Services:
    """The services of an installation.

    Attributes:
        command: Is run with `stop` or `start` appended, for systemd with its target, too; () if there is none.
    """

    def __init__(self, command: Sequence[str]) -> None:
        self.command = tuple(command)

    def running(self, settings: Settings) -> tuple[str, ...]:
        """The names of the services of this machine that run."""
        return tuple(sorted({text.partition(" ")[0] for text in self._running(settings, elsewhere=False)}))

    def wait_for_others(self, settings: Settings) -> None:
        """Wait until the services of other machines are silent. Raises UpgradeError if some are not."""
        self._wait(settings, here=False)

    def stop(self, settings: Settings) -> None:
        """Stop the services of this machine, and wait until they have ended. Raises UpgradeError if some still run."""
        self._run("stop")
        self._wait(settings, elsewhere=False)

    def _wait(self, settings: Settings, **where: bool) -> None:
        end = time.monotonic() + (STOP_S if self.command else 0)
        while left := self._running(settings, **where):
            if time.monotonic() > end:
                remedy = "" if self.command else ", or name a command for that with --services"
                raise UpgradeError(f"Services use the database: {', '.join(left)}. Stop all of them{remedy}, then upgrade again")
            time.sleep(LOOK_S)

    def start(self, settings: Settings, version: str, names: Sequence[str]) -> None:
        """Start the services of this machine, and wait until those of these names have reported with this version, or raise UpgradeError."""
        if not self.command:
            return
        started = time.time()
        self._run("start")
        end = time.monotonic() + START_S
        while missing := set(names) - self._reported(settings, version, started):
            if time.monotonic() > end:
                raise UpgradeError(f"These services of version {version} do not run: {', '.join(sorted(missing))}; their logs say why")
            time.sleep(LOOK_S)

    def _run(self, what: str) -> None:
        if not self.command:
            return
        command = [*self.command, what, *(_units(what) if self.command == default_command() else [])]
        with acting_as_superuser():
            done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
        if done.returncode:
            raise UpgradeError(f"`{' '.join(command)}` failed: {' '.join((done.stderr or done.stdout).split()) or done.returncode}")

    @staticmethod
    def _running(settings: Settings, **where: bool) -> list[str]:
        database.connect(settings)
        try:
            return running_services(**where)
        finally:
            database.disconnect()
            database.proxy.initialize(None)

    @staticmethod
    def _reported(settings: Settings, version: str, since: float) -> set[str]:
        database.connect(settings)
        try:
            is_new = (Service.host == socket.gethostname()) & (Service.version == version) & (Service.started >= since)
            return {row.name for row in Service.select(Service.name).where(is_new)}
        finally:
            database.disconnect()
            database.proxy.initialize(None)


def _units(what: str) -> list[str]:
    """What systemd stops or starts: the target; and to stop, its services too, as systemd waits only for what is named."""
    if what != "stop":
        return [TARGET]
    command = ["systemctl", "show", "--property=ConsistsOf", "--value", TARGET]
    return [TARGET, *subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False).stdout.split()]
