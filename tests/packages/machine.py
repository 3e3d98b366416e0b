"""A machine with nothing but Python 3.11, the C library and a shell, and no network: a folder that is the root of its processes."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.support.patience import PATIENCE_S
from tests.support.processes import until

PROGRAMS = (
    "bash",
    "sh",
    "cat",
    "chown",
    "cp",
    "dirname",
    "env",
    "getent",
    "ln",
    "mkdir",
    "mv",
    "readlink",
    "rm",
    "rmdir",
    "tar",
    "python3.11",
)
ADMINISTRATION = ("groupadd", "useradd", "setpriv")
BOUND = ("/usr/lib/x86_64-linux-gnu", "/usr/lib/python3.11")
"""Folders of this machine that the other one has too, read-only."""

FILES = {
    "etc/passwd": "root:x:0:0:root:/root:/bin/sh\n",
    "etc/group": "root:x:0:\n",
    "etc/shadow": "",
    "etc/gshadow": "",
    "etc/nsswitch.conf": "passwd: files\ngroup: files\nhosts: files\n",
    "etc/hosts": "127.0.0.1 localhost\n",
}
BASE = """
Name: base
Version: 1
Release: 1
Summary: What the machine has
License: none
BuildArch: noarch
Provides: python3.11 = 3.11.13, glibc = 2.28, libstdc++ = 8.5, libgcc = 8.5, zlib = 1.2.11, shadow-utils = 4.6, /bin/sh
%description
Nothing.
%files
"""

LATER = os.EX_TEMPFAIL
REQUEST = f"""
import sys, urllib.error, urllib.request
try:
    sys.stdout.buffer.write(urllib.request.urlopen(sys.argv[1], timeout={PATIENCE_S}).read())
except urllib.error.HTTPError as error:
    sys.exit({LATER} if error.code == 503 else f"{{error.code}}: {{error.read()}}")
"""


class Machine:
    """The machine while it runs; `run` and `start` are for commands inside of it."""

    def __init__(self, root: Path, first_process: int) -> None:
        self.root = root
        self._enter = ["nsenter", "-t", str(first_process), "-m", "-n"]

    def run(self, *command: str, user: str = "root", check: bool = True, **variables: str) -> subprocess.CompletedProcess[str]:
        """Run a command to its end."""
        return subprocess.run(self._inside(user, command), env=_environment(variables), capture_output=True, text=True, check=check)

    def start(self, *command: str, user: str = "root", **variables: str) -> subprocess.Popen[bytes]:
        """Start a service."""
        return subprocess.Popen(self._inside(user, command), env=_environment(variables))

    def rpm(self, *arguments: str | Path, check: bool = True) -> subprocess.CompletedProcess[str]:
        """Run rpm on this machine for the other one."""
        command = [*self._enter, "rpm", "--root", str(self.root), "--dbpath", "/var/lib/rpm", *map(str, arguments)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert done.returncode == 0 or not check, done.stderr
        return done

    def request(self, address: str) -> subprocess.CompletedProcess[str]:
        """Send a request from inside of the machine; its exit code is LATER if the server asks to repeat it."""
        return self.run("python3.11", "-I", "-c", REQUEST, address, check=False)

    def get(self, address: str) -> str:
        """What a server of the machine answers, as soon as it does not ask to come again: a slow machine reads a file for long."""
        answers: list[subprocess.CompletedProcess[str]] = []

        def is_answered() -> bool:
            answers.append(self.request(address))
            return answers[-1].returncode != LATER

        until(is_answered, address)
        assert answers[-1].returncode == 0, answers[-1].stderr
        return answers[-1].stdout

    def _inside(self, user: str, command: Sequence[str]) -> list[str]:
        switch = [] if user == "root" else ["setpriv", f"--reuid={user}", f"--regid={user}", "--init-groups"]
        return [*self._enter, "chroot", str(self.root), *switch, *command]


def _environment(variables: dict[str, str]) -> dict[str, str]:
    return {"PATH": "/usr/sbin:/usr/bin", "LC_ALL": "C", **variables}


@contextmanager
def machine(root: Path, *more: Path, programs: Sequence[str] = ()) -> Iterator[Machine]:
    """Make a machine in an empty folder and let it run until the end of the block.

    Args:
        more: Further folders of this machine that it has, too.
        programs: Further programs.
    """
    if os.geteuid() or not os.path.exists("/usr/bin/python3.11") or not shutil.which("rpm"):
        pytest.skip("needs root, /usr/bin/python3.11 and rpm (Debian package rpm)")
    _fill(root, (*PROGRAMS, *programs))
    bound = [*BOUND, *map(str, more)]
    for folder in bound:
        (root / folder.lstrip("/")).mkdir(parents=True, exist_ok=True)
    mounts = [f"mount --bind {folder} {root}{folder} && mount -o remount,bind,ro {root}{folder}" for folder in bound]
    script = " && ".join([*mounts, f"mount --bind /proc {root}/proc", "ip link set lo up", "echo ready", "exec sleep infinity"])
    command = ["unshare", "--mount", "--net", "sh", "-c", script]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout
            if process.stdout.readline() != "ready\n":
                pytest.skip("this machine gives no namespaces, or has no `ip` (Debian package iproute2)")
            yield Machine(root, process.pid)
        finally:
            process.kill()


def _fill(root: Path, programs: Sequence[str]) -> None:
    for folder in ("etc", "usr/bin", "usr/sbin", "usr/lib", "usr/lib64", "tmp", "proc", "dev", "var/lib", "opt", "run", "srv"):
        (root / folder).mkdir(parents=True, exist_ok=True)
    for name in ("bin", "lib", "lib64", "sbin"):
        (root / name).symlink_to(f"usr/{name}")
    (root / "tmp").chmod(0o1777)
    shutil.copytree("/usr/lib64", root / "usr/lib64", symlinks=True, dirs_exist_ok=True)
    for name in (*programs, *ADMINISTRATION):
        found = shutil.which(name, path="/usr/bin:/bin:/usr/sbin:/sbin")
        assert found, name
        shutil.copy2(found, root / "usr" / ("sbin" if name in ADMINISTRATION else "bin") / name)
    for name in ("etc/ld.so.cache", "etc/login.defs"):
        shutil.copy(f"/{name}", root / name)
    shutil.copytree("/etc/pam.d", root / "etc/pam.d", symlinks=True)
    for name, text in FILES.items():
        (root / name).write_text(text)
    for number, name in ((3, "null"), (5, "zero"), (9, "urandom")):
        os.mknod(root / "dev" / name, 0o020666, os.makedev(1, number))
        (root / "dev" / name).chmod(0o666)


def base_package(folder: Path) -> Path:
    """A package that provides what the machine has, so that rpm can check what others require."""
    specification = folder / "base.spec"
    specification.write_text(BASE)
    subprocess.run(
        ["rpmbuild", "-bb", "--quiet", "--define", f"_topdir {folder}", "--define", f"_rpmdir {folder}", str(specification)],
        check=True,
        capture_output=True,
    )
    return next(folder.glob("noarch/base-*.rpm"))
