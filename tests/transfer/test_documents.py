"""What docs/operators/transfer.md says works as it stands there: its files of options, and each command, from nothing to files that arrive.

The commands run on a machine made for the test: its root folder is an overlay of that of this machine, with networks and processes of its
own. It plays all hosts of the document, one after the other, and its `systemctl` starts what a unit says, since there is no systemd.
"""

from __future__ import annotations

import errno
import os
import re
import shutil
import subprocess
import sysconfig
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import pytest

from app.core.settings import TREE
from services.transfer.options import Options, read_options
from tests.formats.snapshots import entry
from tests.support.processes import until

DOCUMENT = (TREE / "docs/operators/transfer.md").read_text(encoding="utf-8")
CONFIG = "/etc/dqmhub-transfer.toml"
HUB_SETTINGS = "# dqmhub.toml\n"
"""The first line of the settings of the hub, which is no configuration of the transfer."""
RUN = 367094
ROOT_FOLDER = Path(sysconfig.get_path("purelib")) / "ROOT"
NEEDED = [
    "unshare",
    "chroot",
    "ip",
    "rsync",
    "ssh-keygen",
    "useradd",
    "runuser",
    "openssl",
    "curl",
    "/usr/sbin/sshd",
    "/usr/bin/python3.11",
]

MACHINE = """
set -e
mount -t tmpfs tmpfs "$1"
mkdir "$1/new" "$1/work"
mount -t overlay overlay -o "lowerdir=/,upperdir=$1/new,workdir=$1/work" "$2"
mount --rbind /dev "$2/dev"
mount -t proc proc "$2/proc"
mount --bind "$3" "$2/mnt"
ip link set lo up
ip address add 10.0.0.1/32 dev lo
hostname bu-1
exec chroot "$2" /bin/bash -e /mnt/machine.sh
"""
"""Makes the machine; arguments: a folder for what it changes, one for its root folder, and one that it shares with the test."""

BEFORE = """
exec >> /mnt/log 2>&1
trap '[ $? = 0 ] || touch /mnt/failed' EXIT
rm -rf /fff /data /home/dqmprolocal /var/lib/dqmhub-transfer
id dqmpro || $(grep -o 'useradd .* --shell [a-z/]* ' /mnt/sources/services/rpm/dqmhub-transfer.spec) dqmpro  # its home is not in /home
ssh-keygen -A > /dev/null
mkdir -p /run/sshd /fff/ramdisk/appliance/boxes /fff/BU0 /data/dqmgui/CMSSW /home/dqmprolocal/output/upload/pb
echo '{"activeRuns": [367094]}' > /fff/ramdisk/appliance/boxes/fu-1
ln -s CMSSW /data/dqmgui/current_production
ln -s /fff/output /fff/BU0/output
cp /mnt/hosts /etc/hosts
cp /mnt/systemctl /mnt/dqmhub /usr/local/bin/
/usr/sbin/sshd
cd /mnt/sources
set -x
"""
SYSTEMCTL = """#!/bin/sh -e
# Starts the service of a unit.
[ "$1" = daemon-reload ] && exit
mode=${3#dqmhub-transfer@}
unit=/etc/systemd/system/dqmhub-transfer@.service
command=$(sed -n s/^ExecStart=//p $unit | sed "s/%i/$mode/")
runuser -u "$(sed -n s/^User=//p $unit)" -- $command 2>> /mnt/$mode.log &
until [ -s /mnt/$mode.log ]; do sleep 0.1; done  # so that it has read its options: those of the next host have the same place
"""


class Block(NamedTuple):
    """A block of the document: the language, and its text."""

    language: str
    text: str


def blocks() -> list[Block]:
    """All blocks, in their order."""
    return [Block(*found) for found in re.findall(r"```(\w*)\n(.*?)```", DOCUMENT, re.DOTALL)]


def test_the_options_of_the_document_are_valid_and_those_of_a_host_with_its_mode(tmp_path: Path) -> None:
    read: list[Options] = []
    for number, block in enumerate(one for one in blocks() if one.language == "toml" and not one.text.startswith(HUB_SETTINGS)):
        (tmp_path / f"{number}.toml").write_text(block.text)
        read.append(read_options(tmp_path / f"{number}.toml"))
    cleanup, bu, fu = read
    assert [len(options.hubs) for options in read] == [1, 1, 1]
    assert "Copy the token of each GUI machine to `bu-1`, and that of `gui-1` to all hosts" in DOCUMENT
    assert {hub.token_file for options in read for hub in options.hubs} == {"/etc/dqmhub-transfer-gui-1.token"}
    assert cleanup.cleanup.release_link == "/data/dqmgui/current_production"
    assert [machine.name for machine in bu.bu.gui_machines] == ["gui-1", "gui-2"]
    assert fu.fu == Options().fu


def test_the_document_has_no_command_outside_of_the_blocks_that_are_run() -> None:
    assert {block.language for block in blocks()} == {"sh", "toml"}


def test_the_unit_of_the_document_starts_the_mode_with_the_configuration_of_the_document() -> None:
    unit = (TREE / "services/systemd/dqmhub-transfer@.service").read_text(encoding="utf-8")
    assert f"ExecStart=/usr/bin/dqmhub-transfer %i --config {CONFIG}\n" in unit
    assert "Restart=always" in unit
    assert CONFIG in DOCUMENT


def test_what_the_document_quotes_of_the_log_is_said_by_the_program() -> None:
    """The first column of the table of troubles, without numbers, paths and other words that differ."""
    rows = re.findall(r"^\| (`[^|]*) \|", DOCUMENT.partition("### When something is wrong")[2].partition("\n## ")[0], re.M)
    quoted = [quote for row in rows for quote in re.findall(r"`([^`]+)`", row)]
    program = "".join(path.read_text(encoding="utf-8") for path in (TREE / "services/transfer").rglob("*.py")) + os.strerror(errno.ENOSPC)
    assert len(quoted) > 5
    for quote in quoted:
        parts = re.split(r"/[^ :]+|\w+ (?=ended with)|\b(?:fu|run|process|origin)\b|\d+|\.\.\.", quote)
        assert all(part.strip() in program for part in parts), quote


@contextmanager
def machine(folder: Path, commands: str) -> Iterator[None]:
    """A machine that has run these commands, and has the folder as `/mnt`."""
    missing = [name for name in NEEDED if not shutil.which(name)]
    if missing or os.geteuid():
        pytest.skip(f"this needs root and the programs {', '.join(missing) or 'here'}")
    for name in ("changed", "root"):
        (folder / name).mkdir()
    (folder / "sources").symlink_to(TREE)
    (folder / "hosts").write_text("127.0.0.1 localhost\n10.0.0.1 bu-1 gui-1 gui-2\n")
    write_program(folder / "systemctl", SYSTEMCTL)
    write_program(
        folder / "dqmhub", f'#!/bin/sh\nDQMHUB_CONFIG=/mnt/dqmhub.toml DQMHUB_DATA_DIR=/mnt/hub exec {TREE}/.venv/bin/dqmhub "$@"\n'
    )
    (folder / "machine.sh").write_text(f"{BEFORE}{commands}\ntouch /mnt/done\nsleep infinity\n")
    (folder / "log").touch()
    arguments = [folder / "changed", folder / "root", folder]
    words = ["unshare", "--mount", "--net", "--uts", "--pid", "--fork", "--kill-child", "sh", "-c", MACHINE, "sh", *arguments]
    with subprocess.Popen(words, stdin=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True) as process:
        try:
            until(lambda: process.poll() is not None or (folder / "done").exists(), "the commands")
            if process.poll() is not None:
                assert process.stderr
                said = process.stderr.read()
                if not (folder / "log").read_text():
                    pytest.skip(f"this machine gives no namespaces or overlays: {said}")
                pytest.fail((folder / "log").read_text()[-3000:] + said)
            yield
        finally:
            process.kill()


def write_program(path: Path, text: str) -> None:
    path.write_text(text)
    path.chmod(0o755)


@pytest.mark.slow
def test_a_set_of_hosts_is_made_by_the_commands_of_the_document_and_files_arrive(tmp_path: Path) -> None:
    """After the commands a client writes a snapshot: it gets from its folder to that of a GUI machine, by all services."""
    snapshot = f"run{RUN:06}_Ecal_DQMLive.pb"
    (tmp_path / snapshot).write_bytes(entry(b"Ecal/ME", b"content", 7, 0x10))
    pb_files = f"/data/dqmgui/files/pb/run{RUN:06}_*.pb"
    commands = [f"ln -s {ROOT_FOLDER} /opt/root", *map(command, blocks())]
    commands += ["(cd /etc; runuser -u dqmpro -- dqmhub-transfer fu --config dqmhub-transfer.toml --check)"]  # a path from here
    commands += ["install -d /home/dqmprolocal/output/upload/pb/run367094"]
    commands += [f"cp /mnt/{snapshot} /home/dqmprolocal/output/upload/pb/run367094/"]
    commands += [f"set +x; until ls {pb_files} 2> /dev/null; do sleep 0.1; done; set -x", f"cmp /mnt/{snapshot} {pb_files}"]
    commands += ['answer() { curl -sf -H "Authorization: Bearer $(cat bu-1.token)" http://gui-1:8889/api/v1/$1; }']
    commands += [
        f"set +x; until answer archive/{RUN}/Global/Online/ALL/ | grep Ecal; do sleep 0.1; done; answer transfers/hosts > /mnt/hosts.json"
    ]
    with machine(tmp_path, "\n".join(commands)):
        log = (tmp_path / "log").read_text()
    assert log.count("\nconfiguration OK\n") == 4
    assert re.search(r"^disk: [\d.]+ % full", log, re.M)
    assert sorted(re.findall(r'"mode": ?"(\w+)"', (tmp_path / "hosts.json").read_text())) == ["bu", "cleanup", "fu"]


def command(block: Block) -> str:
    """The command that does what a block of the document says; the hub is started when there are tokens."""
    if block.language == "toml":
        place = "/mnt/dqmhub.toml" if block.text.startswith(HUB_SETTINGS) else CONFIG
        return f"cat > {place} <<'END'\n{block.text}END"
    if "dqmhub token add" in block.text:
        second = "install -o dqmpro -m 400 bu-1.token /etc/dqmhub-transfer-gui-2.token"
        return f"{block.text}\n{second}\ndqmhub web 2> /mnt/web.log &\nuntil curl -sf http://gui-1:8889/healthz/live; do sleep 0.1; done"
    return block.text
