"""A server of ssh on this machine, for tests of commands on another one."""

from __future__ import annotations

import getpass
import os
import shutil
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.support.patience import PATIENCE_S
from tests.support.ports import free_port
from tests.support.processes import until

SSHD = shutil.which("sshd", path="/usr/sbin:/usr/local/sbin:/usr/bin")
KEYGEN = shutil.which("ssh-keygen")
IS_THERE = bool(SSHD and KEYGEN and shutil.which("ssh"))

CONFIG = """\
ListenAddress 127.0.0.1
Port {port}
HostKey {folder}/host
PidFile none
AuthorizedKeysFile {folder}/user.pub
PasswordAuthentication no
KbdInteractiveAuthentication no
StrictModes no
UsePAM no
SetEnv HOME={folder}
"""
"""Shells have a home of their own: what `~/.bashrc` of this machine does or prints is none of the tests."""


@contextmanager
def ssh_server(folder: Path) -> Iterator[tuple[str, tuple[str, ...]]]:
    """A server with keys of its own; gives `user@host` and the arguments of ssh with which a client may log in."""
    assert SSHD
    assert KEYGEN
    port = free_port()
    for name in ("host", "user"):
        subprocess.run([KEYGEN, "-q", "-t", "ed25519", "-N", "", "-f", folder / name], check=True)
    (folder / "config").write_text(CONFIG.format(port=port, folder=folder))
    kind, key = (folder / "host.pub").read_text().split()[:2]
    (folder / "known").write_text(f"[127.0.0.1]:{port} {kind} {key}\n")
    more = "-o", f"UserKnownHostsFile={folder}/known", "-o", f"ConnectTimeout={PATIENCE_S:.0f}"
    if os.geteuid() == 0:
        Path("/run/sshd").mkdir(exist_ok=True)  # the start script of the system makes it otherwise
    with (folder / "log").open("wb") as log:
        server = subprocess.Popen([SSHD, "-D", "-e", "-f", folder / "config"], stderr=log)
    try:
        until(lambda: _listens(port), "the server of ssh")
        yield f"{getpass.getuser()}@127.0.0.1", ("-F", "none", "-p", str(port), "-i", str(folder / "user"), *more)
    finally:
        server.terminate()
        server.wait(PATIENCE_S)


def _listens(port: int) -> bool:
    with socket.socket() as client:
        return client.connect_ex(("127.0.0.1", port)) == 0
