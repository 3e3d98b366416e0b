"""The processes of a hub and its mirror, which are killed one after the other, and started again as systemd does."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from app.core.settings import TREE, Settings
from tests.publish.receivers import public_key
from tests.support.ports import free_port
from tests.support.processes import of_session, until
from tests.support.running_hub import ONE_OF_EACH, SERVICES, RunningHub, running_hub

MIRROR, READER = "mirror", "reader"
CHILDREN = {"web": 1, "worker": 6, "render": 16, READER: 2}
"""In 30 kills, how often a child of a service is killed, and the process that reads a file. What starts in no time is killed most."""
LEADERS = {"render": 1, "web": 1, "live": 1, "worker": 1, MIRROR: 1}
"""The same for the first process of a service, which takes a second of CPU to start again."""


class KilledSystem:
    """A hub with its mirror. Attributes: `hub`; `kills`: how often each kind of process was killed."""

    def __init__(self, hub: RunningHub, mirror_command: list[str], chance: random.Random) -> None:
        self.hub, self._chance, self._mirror_command = hub, chance, mirror_command
        self.kills: dict[str, int] = {}

    def start(self, name: str) -> None:
        """Start a service of the hub, or the mirror."""
        if name != MIRROR:
            self.hub.start(name)
            return
        variables = os.environ | {"DQMHUB_SUPERVISOR_PID": str(os.getpid())}
        with self.hub.log(name).open("ab") as log:
            self.hub.services[name] = subprocess.Popen(
                self._mirror_command, cwd=TREE, stdout=log, stderr=log, env=variables, start_new_session=True
            )

    def storm(self, loops: int) -> Iterator[int]:
        """Kill so many processes in any order; yields the number of each kill after it."""
        rounds = -(-loops // (sum(CHILDREN.values()) + sum(LEADERS.values())))
        victims = [(name, False) for name, count in CHILDREN.items() for _ in range(count * rounds)]
        victims += [(name, True) for name, count in LEADERS.items() for _ in range(count * rounds)]
        for number, (name, is_leader) in enumerate(self._chance.sample(victims, loops)):
            self._kill(name, is_leader)
            self.revive()
            yield number

    def _kill(self, name: str, is_leader: bool) -> None:
        until(lambda: self._has_killed(name, is_leader), f"a process of {name}")
        kind = name if is_leader else f"child of {name}"
        self.kills[kind] = self.kills.get(kind, 0) + 1
        if is_leader:
            self.hub.services[name].wait()

    def _has_killed(self, name: str, is_leader: bool) -> bool:
        """Kill a process of this kind if there is one now."""
        self.revive()
        pids = self._victims(name, is_leader)
        if not pids:
            return False
        try:
            os.kill(self._chance.choice(pids), signal.SIGKILL)
        except ProcessLookupError:
            return False
        return True

    def _victims(self, name: str, is_leader: bool) -> list[int]:
        if name == READER:
            return [pid for service in ("web", "worker") for pid in of_session(self.hub.services[service].pid) if reads_file(pid)]
        first = self.hub.services[name].pid
        return [first] if is_leader else [pid for pid in of_session(first) if pid != first]

    def revive(self) -> None:
        """Start what has ended, once all of its children have ended, too."""
        for name, process in list(self.hub.services.items()):
            if process.poll() is not None:
                until(lambda pid=process.pid: not of_session(pid), f"the children of {name} to end")
                self.start(name)


def reads_file(pid: int) -> bool:
    """Whether a process reads a file for an import."""
    try:
        return "app.gui.catalog.reader" in Path(f"/proc/{pid}/cmdline").read_text().split("\0")
    except OSError:
        return False


@contextmanager
def killed_system(folder: Path, chance: random.Random, **values: object) -> Iterator[KilledSystem]:
    """A hub that publishes to a mirror; its database is there already. values: further settings."""
    port = free_port()
    settings = Settings(
        data_dir=str(folder / "var"),
        web_port=free_port(),
        publish_mirrors=(f"http://127.0.0.1:{port}",),
        publish_s=0.5,
        job_lease_s=3.0,
        **ONE_OF_EACH,
        **values,
    )
    logs = folder / "logs"
    logs.mkdir()
    options = {"port": port, "data": folder / "mirror", "keys": public_key(settings)}
    arguments = [text for name, value in options.items() for text in (f"--{name}", str(value))]
    with running_hub(settings, logs, services=SERVICES) as hub:
        system = KilledSystem(hub, [sys.executable, "-m", "services.mirror", *arguments], chance)
        system.start(MIRROR)
        yield system
