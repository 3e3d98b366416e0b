"""A machine with a real systemd: its root folder is an overlay of that of this machine, with processes, networks and groups of its own."""

from __future__ import annotations

import os
import shutil
import subprocess
import sysconfig
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from app.core.settings import TREE
from tests.render.service import children
from tests.support.patience import PATIENCE_S
from tests.support.processes import until

SYSTEMD = Path("/usr/lib/systemd/systemd")
NEEDED = ["unshare", "nsenter", "pivot_root", "systemctl", "journalctl", "systemd-sysusers", "systemd-tmpfiles", "/usr/bin/python3.11"]
LIBRARIES = sysconfig.get_path("purelib")

LAUNCHER = f"""#!/bin/sh
export PYTHONPATH=$(dirname "$(dirname "$(readlink -f "$0")")"):{LIBRARIES}
exec /usr/bin/python3.11 -S -P -c 'from app.cli import main; main()' "$@"
"""
"""The program of a release on a machine; a Python of the tests may be in a home folder."""

BOOT = """
set -e
shared=$1 tree=$2 libraries=$3
mount -t tmpfs tmpfs "$shared"
mkdir "$shared/new" "$shared/work" "$shared/root"
root=$shared/root
mount -t overlay overlay -o "lowerdir=/,upperdir=$shared/new,workdir=$shared/work" "$root"
mount -t proc proc "$root/proc"
mount -t sysfs sysfs "$root/sys"
mount -t cgroup2 cgroup2 "$root/sys/fs/cgroup"
for folder in dev run tmp; do mount -t tmpfs tmpfs "$root/$folder"; done
for name in null zero full random urandom tty; do cp -a "/dev/$name" "$root/dev/"; done
mkdir "$root/dev/pts" "$root/dev/shm" "$root/dev/mqueue" "$root/dev/hugepages"
ln -s pts/ptmx "$root/dev/ptmx"
ln -s /proc/self/fd "$root/dev/fd"
ip link set lo up
mkdir -p "$root$tree"
mount --bind "$tree" "$root$tree"
folder=$tree
while folder=$(dirname "$folder"); [ "$folder" != / ]; do chmod o+x "$root$folder"; done
rm -rf "$root"/etc/systemd/system "$root"/usr/lib/systemd/system/*.wants "$root/var/lib/dqmhub"
mkdir -p "$root"/usr/lib/systemd/system/sysinit.target.wants "$root/etc/systemd/system"
for unit in systemd-journald.service systemd-journald.socket systemd-journald-dev-log.socket; do
  ln -s "../$unit" "$root/usr/lib/systemd/system/sysinit.target.wants/"
done
echo 0123456789abcdef0123456789abcdef > "$root/etc/machine-id"
mkdir -p "$root/etc/systemd/system.conf.d" "$root/etc/systemd/system/dqmhub-.service.d"
printf '[Manager]\\nDefaultTimeoutStartSec=%s\\nDefaultTimeoutStopSec=%s\\n' "$6" "$6" > "$root/etc/systemd/system.conf.d/patience.conf"
printf '[Service]\\nTimeoutStartSec=%s\\nTimeoutStopSec=%s\\nWatchdogSec=%s\\n' "$6" "$6" "$6" \\
  > "$root/etc/systemd/system/dqmhub-.service.d/patience.conf"
mkdir "$root/old"
cd "$root"
pivot_root . old
cp -r "/old$4/." /
eval "$5"
cd /
umount -l /old
exec chroot . env -i container=test PATH=/usr/sbin:/usr/bin:/sbin:/bin /usr/lib/systemd/systemd --system --unit=basic.target
"""
"""Makes the machine. Arguments: an empty folder, the tree, its libraries, a folder with files for the root folder, what to run in it then,
and how long its systemd waits for services, which may stall with all of the machine, s."""

CHECKOUT = """
mkdir -p /etc/dqmhub
cd "$tree/services/systemd"
cp *.service *.timer *.target /usr/lib/systemd/system/
ln -s /opt/dqmhub/current/bin/dqmhub /usr/bin/dqmhub
python="export PYTHONPATH=$tree:$libraries; exec /usr/bin/python3.11 -S -P"
printf '#!/bin/sh\\n%s -m services.mirror "$@"\\n' "$python" > /usr/bin/dqmhub-mirror
printf '#!/bin/sh\\n%s -m services.transfer "$@"\\n' "$python" > /usr/bin/dqmhub-transfer
chmod 755 /usr/bin/dqmhub-*
cp dqmhub.sysusers /usr/lib/sysusers.d/dqmhub.conf
cp dqmhub-transfer.sysusers /usr/lib/sysusers.d/dqmhub-transfer.conf
cp dqmhub.tmpfiles /usr/lib/tmpfiles.d/dqmhub.conf
chmod 777 /srv/*
systemd-sysusers dqmhub.conf dqmhub-transfer.conf
systemd-tmpfiles --create dqmhub.conf
[ ! -d /var/lib/dqmhub ] || chown -R dqmhub:dqmhub /var/lib/dqmhub
"""
"""Installs the units, mirror and transfer of this checkout beside the releases of a hub."""

HIDDEN = ("/home/", "/root/", "/run/user/", "/tmp/", "/var/tmp/")
"""Folders that services with the confinement of the units do not see."""


def see_tree(root: Path) -> None:
    """Let the services of a machine see the checkout, and the packages of the tests, where their confinement would hide them."""
    hidden = {place for place in (str(TREE), LIBRARIES) if f"{place}/".startswith(HIDDEN)}
    if hidden:
        folder = root / "etc/systemd/system/dqmhub-.service.d"
        folder.mkdir(parents=True)
        (folder / "tree.conf").write_text(f"[Service]\nProtectHome=tmpfs\nBindReadOnlyPaths={' '.join(sorted(hidden))}\n")


PATIENT_CLIENTS = f"SYSTEMD_BUS_TIMEOUT={PATIENCE_S:.0f}"
"""So long `systemctl` waits for systemd."""


class Machine:
    """A running machine; `process` is its systemd."""

    def __init__(self, process: int) -> None:
        self.process = process
        self._enter = ["nsenter", f"--target={process}", "--all", "env", PATIENT_CLIENTS]

    def run(self, *words: str, check: bool = True, text: str = "") -> str:
        """Run a command there as root; its output. text: its standard input."""
        try:
            done = subprocess.run([*self._enter, *words], input=text, capture_output=True, text=True, check=False, timeout=PATIENCE_S)
        except subprocess.TimeoutExpired as error:
            pytest.fail(f"{words} did not end: {error.stdout!r}{error.stderr!r}")
        if done.returncode and check:
            pytest.fail(f"{words}: {done.stdout}{done.stderr}{self.run('journalctl', '--no-pager', '--lines=100', check=False)}")
        return done.stdout.strip()

    def show(self, unit: str, key: str) -> str:
        """A property of a unit."""
        return self.run("systemctl", "show", unit, "--property", key, "--value")

    def log(self, unit: str) -> str:
        """The log of a unit, without time and host."""
        return self.run("journalctl", "--no-pager", "--output=cat", "--unit", unit)

    def get(self, url: str) -> bytes:
        """The body of a response; nothing while there is no server."""
        code = "import sys, urllib.request as r; sys.stdout.buffer.write(r.urlopen(sys.argv[1]).read())"
        command = [*self._enter, "/usr/bin/python3.11", "-c", code, url]
        return subprocess.run(command, capture_output=True, check=False, timeout=PATIENCE_S).stdout


def _group_folder(name: str) -> Path:
    """A new control group of version 2."""
    for line in Path("/proc/self/mountinfo").read_text().splitlines():
        before, _, after = line.partition(" - ")
        if after.split()[0] == "cgroup2":
            folder = Path(before.split()[4]) / f"dqmhub-test-{os.getpid()}-{name}"
            with suppress(OSError):
                folder.mkdir()
                return folder
    pytest.skip("this machine gives no control groups of version 2")


@contextmanager
def machine(folder: Path, files: Path, install: str = CHECKOUT) -> Iterator[Machine]:
    """A machine that has booted; skips where that is not possible.

    Args:
        folder: Empty.
        files: Copied into the root folder of the machine.
        install: Commands that are run in it before it boots.
    """
    missing = [name for name in NEEDED if not shutil.which(name)]
    if missing or os.geteuid() or not SYSTEMD.exists():
        pytest.skip(f"this needs root and the programs {', '.join(missing) or SYSTEMD}")
    group, log = _group_folder(folder.name), folder / "log"
    (folder / "shared").mkdir()
    namespaces = ["--mount", "--pid", "--uts", "--ipc", "--net", "--cgroup", "--fork", "--kill-child"]
    arguments = [str(folder / "shared"), str(TREE), LIBRARIES, str(files), install, f"{PATIENCE_S:.0f}"]
    join = ["sh", "-c", f'echo $$ > {group}/cgroup.procs; exec "$@"', "sh"]
    with log.open("wb") as output:
        command = [*join, "unshare", *namespaces, "sh", "-c", BOOT, "sh", *arguments]
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=output, stderr=output)
    try:
        until(lambda: process.poll() is not None or _has_booted(process.pid), "systemd")
        if process.poll() is not None:
            pytest.skip(f"this machine cannot run another one: {log.read_text()[-1000:]}")
        yield Machine(children(process.pid)[0])
    finally:
        process.kill()
        process.wait(PATIENCE_S)
        until(lambda: _is_removed(group), "the processes of the machine to end")


def _has_booted(unshare: int) -> bool:
    found = children(unshare)
    if not found or Path(f"/proc/{found[0]}/comm").read_text().strip() != "systemd":
        return False
    command = ["nsenter", f"--target={found[0]}", "--all", "systemctl", "is-system-running"]
    return subprocess.run(command, capture_output=True, check=False).stdout.strip() in (b"running", b"degraded")


def _is_removed(group: Path) -> bool:
    with suppress(OSError):
        for folder, _, _ in os.walk(group, topdown=False):
            os.rmdir(folder)
    return not group.exists()
