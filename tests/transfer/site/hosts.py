"""Hosts on this machine, for tests of whole chains: each has a network, processes, mounts and a name of its own. Linux, as root."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import IO

import pytest

from app.core.settings import TREE
from tests.diary import sshd
from tests.support.network import ip, own_network
from tests.support.patience import PATIENCE_S
from tests.support.processes import until

PROGRAMS = {"nsenter": "util-linux", "unshare": "util-linux", "mount": "mount", "rsync": "rsync", "ip": "iproute2"}
"""Programs that hosts need, and their Debian packages."""

SMALL = 1 << 20
BOOT = """
set -e
trap '' CHLD  # the kernel forgets processes without a parent
hostname "$1"
mount --make-rprivate /
mount --bind "$2" /etc/ssh/ssh_config
[ ! -e ~/.bashrc ] || mount --bind /dev/null ~/.bashrc  # which shells of sshd read, whatever it does on this machine
echo up
exec sleep infinity
"""
"""The first process of a host: when it is killed, all others of the host are."""

SSH_CONFIG = """\
Host {name}
    HostName {address}
    User root
    IdentityFile {folder}/user
    UserKnownHostsFile {folder}/known_hosts
"""
SSHD_CONFIG = """\
Port 22
HostKey {folder}/host
PidFile none
AuthorizedKeysFile {folder}/user.pub
PermitRootLogin prohibit-password
PasswordAuthentication no
KbdInteractiveAuthentication no
StrictModes no
UsePAM no
MaxStartups 100
"""


class Host:
    """A host that can be cut from the network, killed and started again; its files outlive it, except those on small disks."""

    def __init__(self, name: str, address: str, keys: Path, folder: Path) -> None:
        """Boot a host.

        Args:
            name: Its name.
            address: Its address in the network of the hosts.
            keys: The folder with the keys and configurations of ssh.
            folder: For its files; made.
        """
        self.name, self.address, self.folder = name, address, folder
        self._keys, self._network = keys, f"dqm{os.getpid()}{name}"
        self._init: subprocess.Popen[bytes] | None = None
        self._started: list[HostProcess] = []
        self._first = 0
        folder.mkdir()
        ip("netns", "add", self._network)

    def connect(self) -> None:
        """Plug the host into the switch of this network."""
        ip("link", "add", self.name, "type", "veth", "peer", "name", "eth0", "netns", self._network)
        ip("link", "set", self.name, "master", SWITCH, "up")
        ip("-n", self._network, "addr", "add", f"{self.address}/24", "dev", "eth0")
        for device in ("eth0", "lo"):
            ip("-n", self._network, "link", "set", device, "up")

    def set_link(self, state: str) -> None:
        """Take the cable to the switch "up" or "down"."""
        ip("link", "set", self.name, state)

    def boot(self) -> None:
        """Start the host, with its server of ssh."""
        words = ["ip", "netns", "exec", self._network, "unshare", "--pid", "--fork", "--kill-child", "--mount-proc", "--uts"]
        command = [*words, "sh", "-c", BOOT, "boot", self.name, f"{self._keys}/ssh_config"]
        with (self.folder / "boot.log").open("ab") as log:  # where unshare complains about its own end
            self._init = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=log)
        assert self._init.stdout
        if self._init.stdout.readline() != b"up\n":
            self.kill()
            pytest.skip("this machine gives no process and mount namespaces")
        self._first = _child(self._init.pid)
        self.start([str(sshd.SSHD), "-D", "-e", "-f", f"{self._keys}/sshd_config"], self.folder / "sshd.log")
        until(self._listens, f"the server of ssh of {self.name}")

    def _listens(self) -> bool:
        with socket.socket() as client:
            return client.connect_ex((self.address, 22)) == 0

    def kill(self) -> None:
        """Kill all processes of the host at once, as a loss of power does."""
        if self._init is None:
            return
        for process in self._started:
            process.go_on()
        if self._first:
            os.kill(self._first, signal.SIGKILL)
        else:
            self._init.kill()
        self._init.wait(PATIENCE_S)
        assert self._init.stdout
        self._init.stdout.close()
        for process in self._started:
            process.wait()
        self._init, self._first, self._started = None, 0, []

    def remove(self) -> None:
        """Kill the host, and remove its network."""
        self.kill()
        ip("netns", "del", self._network)

    def command(self, *words: str) -> list[str]:
        """The command line that runs a command on the host, in the folder of the tree."""
        return ["nsenter", "-t", str(self._first), "-m", "-u", "-n", "-p", "--", "env", "-C", str(TREE), *words]

    def run(self, *words: str) -> subprocess.CompletedProcess[bytes]:
        """Run a command on the host, and return what it said."""
        return subprocess.run(self.command(*words), capture_output=True, check=True, timeout=PATIENCE_S)

    def start(self, words: list[str], log: Path, variables: Mapping[str, str] = {}) -> HostProcess:
        """Start a process on the host, whose output is added to a log."""
        with log.open("ab") as output:
            process = HostProcess(self.command(*words), output, os.environ | variables)
        self._started.append(process)
        return process

    def small_disk(self, folder: Path) -> SmallDisk:
        """Mount a small disk in memory on a folder, as this host sees it until it is killed."""
        self.run("mount", "-t", "tmpfs", "-o", f"size={SMALL}", "none", str(folder))
        return SmallDisk(Path(f"/proc/{self._first}/root{folder}"))


class SmallDisk:
    """A disk of SMALL bytes.

    Attributes:
        folder: Its folder as this process sees it.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def fill(self) -> None:
        """Leave no byte of it free."""
        with (self.folder / "filler").open("wb", buffering=0) as file, suppress(OSError):
            while file.write(bytes(SMALL)):
                pass

    def free(self) -> None:
        """Free what `fill` took."""
        (self.folder / "filler").unlink()


class HostProcess:
    """A process on a host.

    Attributes:
        pid: Its number as this process sees it.
    """

    def __init__(self, command: list[str], output: IO[bytes], variables: Mapping[str, str]) -> None:
        self._entered = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=output, stderr=output, env=dict(variables))
        self.pid = _child(self._entered.pid)
        self._is_wanted = True

    def own_pid(self) -> int:
        """Its number as the host sees it."""
        lines = Path(f"/proc/{self.pid}/status").read_text().splitlines()
        return int(next(line for line in lines if line.startswith("NSpid:")).split()[-1])

    def send(self, number: int) -> None:
        """Send a signal, if it lives."""
        if self._entered.poll() is None and self.pid:
            os.kill(self.pid, number)

    def stop(self) -> None:
        """Stop it until `go_on`."""
        self.send(signal.SIGSTOP)
        until(lambda: _state(self._entered.pid) == "T", "what has started it to stop, too")

    def go_on(self) -> None:
        """Continue what is stopped."""
        self._entered.send_signal(signal.SIGCONT)
        self.send(signal.SIGCONT)

    def has_ended(self) -> bool:
        """Whether it has ended."""
        return self._entered.poll() is not None

    def has_died(self) -> bool:
        """Whether it has ended, and nobody has ended it."""
        return self._is_wanted and self.has_ended()

    def wait(self) -> int:
        """Wait for its end, which is no fault; returns its exit code, for a signal that number and 128."""
        self._is_wanted = False
        code = self._entered.wait(PATIENCE_S)
        if self._entered.stdin:
            self._entered.stdin.close()
        return code if code >= 0 else 128 - code

    def end(self, number: int = signal.SIGTERM) -> int:
        """Send a signal, and wait for the end."""
        self.send(number)
        return self.wait()


def _child(pid: int) -> int:
    """The only child of a process that starts one; 0 when it ended before."""
    found: list[str] = []

    def has_child() -> bool:
        try:
            found[:] = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
            return bool(found) or _state(pid) == "Z"
        except OSError:
            return True

    until(has_child, f"the child of process {pid}")
    return int(found[0]) if found else 0


def _state(pid: int) -> str:
    """The state of a process by the letters of ps."""
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]


SWITCH = "switch"


@contextmanager
def hosts(folder: Path, *names: str) -> Iterator[dict[str, Host]]:
    """Hosts of these names in a network of their own, in which this thread is, too; skips where that is not allowed."""
    for program, package in PROGRAMS.items():
        if shutil.which(program) is None:
            pytest.skip(f"there is no `{program}` (Debian package {package})")
    if not sshd.IS_THERE:
        pytest.skip("there is no `sshd` (Debian package openssh-server)")
    addresses = {name: f"198.18.0.{number}" for number, name in enumerate(names, 2)}
    _make_keys(folder, addresses)
    with own_network(), ExitStack() as stack:
        try:
            ip("link", "add", SWITCH, "type", "bridge")
            ip("addr", "add", "198.18.0.1/24", "dev", SWITCH)
            ip("link", "set", SWITCH, "up")
            made = {}
            for name, address in addresses.items():
                host = made[name] = Host(name, address, folder, folder / name)
                stack.callback(host.remove)
                host.connect()
        except subprocess.CalledProcessError as error:
            pytest.skip(f"this machine gives no networks of its own: {error.stderr.strip()}")
        for host in made.values():
            host.boot()
        yield made


def _make_keys(folder: Path, addresses: dict[str, str]) -> None:
    """Keys and configurations of ssh that all hosts share."""
    Path("/run/sshd").mkdir(exist_ok=True)  # the start script of the system makes it otherwise
    for name in ("host", "user"):
        subprocess.run([str(sshd.KEYGEN), "-q", "-t", "ed25519", "-N", "", "-f", folder / name], check=True)
    key = " ".join((folder / "host.pub").read_text().split()[:2])
    (folder / "known_hosts").write_text("".join(f"{address} {key}\n" for address in addresses.values()))
    written = [SSH_CONFIG.format(name=name, address=address, folder=folder) for name, address in addresses.items()]
    (folder / "ssh_config").write_text("".join(written))
    (folder / "sshd_config").write_text(SSHD_CONFIG.format(folder=folder))
