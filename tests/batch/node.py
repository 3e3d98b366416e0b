"""One node of a batch system in a chroot, with namespaces of its own for processes, mounts, network and host name."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.support.patience import PATIENCE_S
from tests.support.processes import until

CHROOTS = "BATCH_CHROOTS"
"""The variable of the environment with the folder of the chroots; without it the tests of real systems are skipped."""
SUITE = "bookworm"
HERE = Path(__file__).parent
PATHS = "/usr/sbin:/usr/bin:/sbin:/bin"


@dataclass(frozen=True)
class System:
    """A batch system as Debian has it.

    Attributes:
        start: Shell script that starts it, makes `/ready` and waits.
        commands: Those that tests run from outside.
        answers: Of questions that packages ask.
        environment: Variables for its commands.
    """

    name: str
    packages: tuple[str, ...]
    start: str
    commands: tuple[str, ...]
    answers: str = ""
    environment: tuple[str, ...] = ()


SYSTEMS = {
    system.name: system
    for system in (
        System(
            "slurm",
            ("slurm-wlm", "slurmdbd", "mariadb-server", "munge"),
            "slurm.sh",
            ("sbatch", "scancel", "scontrol", "sacct", "squeue"),
        ),
        System(
            "grid-engine",
            ("gridengine-master", "gridengine-exec", "gridengine-client"),
            "grid_engine.sh",
            ("qsub", "qdel", "qstat", "qacct", "stat", "dd"),
            "postfix postfix/main_mailer_type select No configuration\n"
            "gridengine-master shared/gridenginemaster string node\n"
            "gridengine-master shared/gridenginecell string default\n"
            "gridengine-master shared/gridengineconfig boolean true\n",
            ("SGE_ROOT=/var/lib/gridengine",),
        ),
    )
}


def make_chroot(folder: Path, system: System) -> None:
    """Make the chroot of a system, unless it is there."""
    root = folder / system.name
    if root.exists():
        return
    folder.mkdir(parents=True, exist_ok=True)
    base = folder / "base"
    if not base.exists():
        _run(["debootstrap", "--variant=minbase", "--include=debconf-utils,iproute2,procps", SUITE, f"{base}.part"])
        Path(f"{base}.part").rename(base)
    part = folder / f"{system.name}.part"
    shutil.rmtree(part, ignore_errors=True)
    _run(["cp", "-a", str(base), str(part)])
    shutil.copy("/etc/resolv.conf", part / "etc/resolv.conf")
    policy = part / "usr/sbin/policy-rc.d"  # installing starts no daemon
    policy.write_text("#!/bin/sh\nexit 101\n")
    policy.chmod(0o755)
    subprocess.run(["chroot", part, "debconf-set-selections"], input=system.answers, text=True, check=True)
    (part / "etc/hosts").write_text("127.0.0.1 localhost node\n")
    install = ["apt-get", "install", "-y", "-q", "--no-install-recommends", *system.packages]
    _run(["unshare", "--uts", "sh", "-euc", 'hostname node; exec "$@"', "sh", "chroot", str(part), *install])
    part.rename(root)


def _run(command: list[str]) -> None:
    subprocess.run(command, env=os.environ | {"DEBIAN_FRONTEND": "noninteractive", "LC_ALL": "C"}, check=True)


@dataclass(frozen=True)
class Node:
    """A running node.

    Attributes:
        root: The root of its files.
        commands: Folder with its commands for a `PATH` outside.
        init: Its first process.
        system: What runs there.
    """

    root: Path
    commands: Path
    init: int
    system: System

    def submit(self, script: str) -> str:
        """What a shell script of the user `tester` prints, in its home."""
        user = [
            "setpriv",
            "--reuid",
            "tester",
            "--regid",
            "tester",
            "--init-groups",
            "env",
            "HOME=/home/tester",
            f"PATH={PATHS}",
            *self.system.environment,
        ]
        command = [*_enter(self.init, "/home/tester"), *user, "sh", "-euc", script]
        return subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True).stdout

    def run(self, *command: str) -> str:
        """What one of the commands prints, as root."""
        return subprocess.run([self.commands / command[0], *command[1:]], stdout=subprocess.PIPE, text=True, check=True).stdout


def _enter(init: int, folder: str) -> list[str]:
    return ["nsenter", "-t", str(init), "-p", "-m", "-u", "-n", "-i", "--root", f"--wdns={folder}"]


@contextmanager
def running(system: System, folder: Path, outside: Path) -> Iterator[Node]:
    """A node from the chroot in a folder; outside: a folder for its commands and its log. All of it ends with the block."""
    root = folder / system.name
    shutil.copy(HERE / system.start, root / "start.sh")
    (root / "ready").unlink(missing_ok=True)
    namespaces = ["--pid", "--fork", "--kill-child", "--mount", f"--mount-proc={root}/proc", "--uts", "--net", "--ipc"]
    with (outside / "log").open("wb") as log:
        command = ["unshare", *namespaces, "chroot", str(root), "sh", "/start.sh"]
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True)
    try:
        until(lambda: (root / "ready").exists() or process.poll() is not None, f"{system.name} to start: {outside / 'log'}")
        assert process.poll() is None, (outside / "log").read_text()
        (init,) = _children(process.pid)
        yield Node(root, _commands(outside / "bin", init, system), init, system)
    finally:
        for child in _children(process.pid):
            os.kill(child, signal.SIGKILL)  # with the first process of a namespace all others end
        process.wait(PATIENCE_S)


def _children(number: int) -> list[int]:
    try:
        return [int(each) for each in Path(f"/proc/{number}/task/{number}/children").read_text().split()]
    except FileNotFoundError:
        return []


def _commands(folder: Path, init: int, system: System) -> Path:
    folder.mkdir()
    for name in system.commands:
        path = folder / name
        path.write_text(f'#!/bin/sh\nexec {" ".join(_enter(init, "/"))} env PATH={PATHS} {" ".join(system.environment)} {name} "$@"\n')
        path.chmod(0o755)
    return folder
