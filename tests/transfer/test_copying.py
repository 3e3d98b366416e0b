"""Copies to a folder, and to a real sshd by the real rsync."""

from __future__ import annotations

import configparser
import hashlib
import os
import shlex
import shutil
import stat
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

import pytest

from app.core.settings import TREE
from services.transfer import copying
from services.transfer.concatenation import concatenate
from services.transfer.copying import (
    CopyFailed,
    RemoteHost,
    SourceFailed,
    TargetFailed,
    copy_file,
    has_file,
    shared_socket,
)
from services.transfer.expected import Expected, expected_by_origin, expected_by_report
from services.transfer.names import part_name, whole_name
from tests.diary import sshd
from tests.support.ports import free_port

CONTENT = os.urandom(300_000)
MD5 = hashlib.md5(CONTENT).hexdigest()
OTHER_MD5 = hashlib.md5(b"other").hexdigest()


@pytest.fixture
def source(tmp_path: Path) -> Path:
    file = tmp_path / "source 'x' $(touch y).root"
    file.write_bytes(CONTENT)
    return file


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "target folder").mkdir()
    return tmp_path / "target folder"


def test_a_copy_is_the_file_and_nothing_else_remains(source: Path, folder: Path) -> None:
    target = folder / "copy.root"
    target.write_bytes(b"older")
    for expected in (None, Expected(len(CONTENT)), Expected(len(CONTENT), MD5)):
        assert copy_file(source, target, expected) == len(CONTENT)
        assert target.read_bytes() == CONTENT
        assert os.listdir(folder) == ["copy.root"]


@pytest.mark.parametrize(
    ("expected", "words"),
    [
        (Expected(299_999), "has 300000 bytes, not 299999"),
        (Expected(300_000, OTHER_MD5), f"has 300000 bytes and the md5 {MD5}, not 300000 {OTHER_MD5}"),
    ],
)
def test_a_file_that_is_not_the_expected_one_never_gets_its_name(source: Path, folder: Path, expected: Expected, words: str) -> None:
    (folder / "copy").write_bytes(b"older")
    with pytest.raises(SourceFailed, match=words):
        copy_file(source, folder / "copy", expected)
    assert os.listdir(folder) == ["copy"]
    assert (folder / "copy").read_bytes() == b"older"


def test_a_file_that_grows_while_it_is_copied_never_gets_its_name(source: Path, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = copying.move_bytes

    def grow(*arguments: int) -> int:
        moved = real(*arguments)
        with source.open("ab") as file:
            file.write(b"more")
        return moved

    monkeypatch.setattr(copying, "move_bytes", grow)
    with pytest.raises(SourceFailed, match="changed while it was copied"):
        copy_file(source, folder / "copy")
    assert os.listdir(folder) == []


def test_the_copy_of_an_absent_file_and_one_into_an_absent_folder_say_so(source: Path, folder: Path) -> None:
    with pytest.raises(SourceFailed, match="there is no such file"):
        copy_file(folder / "absent", folder / "copy")
    with pytest.raises(CopyFailed, match="No such file or directory"):
        copy_file(source, folder / "absent" / "copy")
    with pytest.raises(CopyFailed, match="Not a directory"):
        copy_file(source, source / "copy")
    with pytest.raises(SourceFailed, match="it is not a file"):
        copy_file(folder, folder / "copy")


@pytest.mark.slow
def test_a_reader_sees_the_older_or_the_newer_file_but_no_part(tmp_path: Path, folder: Path) -> None:
    versions = [bytes([number]) * 2_000_000 for number in (1, 2)]
    for number, content in enumerate(versions):
        (tmp_path / str(number)).write_bytes(content)
    copy_file(tmp_path / "0", folder / "copy")
    stop = threading.Event()
    seen: set[bytes] = set()

    def read() -> None:
        while not stop.is_set():
            seen.add((folder / "copy").read_bytes())

    reader = threading.Thread(target=read)
    reader.start()
    for turn in range(40):
        copy_file(tmp_path / str(turn % 2), folder / "copy")
    stop.set()
    reader.join()
    assert seen <= set(versions)


def test_the_report_of_a_snapshot_has_its_size() -> None:
    report = """{"data":["-1","-1","0","0","run367094_SiStrip_DQMLive.pb","4711","","-1","","","0"],"definition":"/x","source":"fu1_12"}"""
    assert expected_by_report(report.encode()) == Expected(4711)
    assert expected_by_report(b'{"data": [-1, -1, 0, 0, "x.pb", 4711]}') == Expected(4711)
    for wrong in (b"", b"{}", b"[]", b'{"data": [1, 2]}', b'{"data": [1, 2, 3, 4, 5, "-6"]}', report[:-30].encode(), b"\xff"):
        with pytest.raises(ValueError):  # noqa: PT011  by any reader of JSON
            expected_by_report(wrong)


def test_the_origin_of_a_root_file_has_its_size_and_md5() -> None:
    assert expected_by_origin(f"md5:{MD5} 300000 /home/a b/DQM_V0001_SiStrip_R000367094.root\n".encode()) == Expected(300_000, MD5)
    for wrong in (b"", b"\xff", f"md5:{MD5}".encode(), f"md5:{MD5[:-1]} 1 x".encode(), f"md5:{MD5} -1 x".encode()):
        with pytest.raises(ValueError, match="expected `md5:"):
            expected_by_origin(wrong)


@pytest.fixture
def shell(tmp_path: Path) -> tuple[str, ...]:
    """A command in the place of ssh: it runs scripts on this machine, with the programs that `programs` in this folder has first."""
    if not shutil.which("rsync"):
        pytest.skip("rsync is not on this machine")
    (tmp_path / "programs").mkdir()
    script = f"""
        while [ "$1" = -o ]; do shift 2; done
        [ "$1" = -- ] && shift
        shift
        PATH={shlex.quote(str(tmp_path / "programs"))}:$PATH exec sh -c "$*"
    """
    return ("sh", "-c", script, "sh")


def add_program(tmp_path: Path, name: str, script: str) -> None:
    """A program that hosts have in place of that of the system."""
    (tmp_path / "programs" / name).write_text(f"#!/bin/sh\n{script}")
    (tmp_path / "programs" / name).chmod(0o755)


def test_files_that_the_unit_makes_and_delivers_are_readable_for_the_hub(tmp_path: Path, folder: Path, shell: tuple[str, ...]) -> None:
    unit = configparser.ConfigParser(strict=False, interpolation=None)
    unit.read(TREE / "services/systemd/dqmhub-transfer@.service")
    made = folder / "made.pb"
    os.umask(int(unit["Service"]["UMask"], 8))
    concatenate([], made)
    copy_file(made, folder / "local.pb")
    RemoteHost("host", shell).copy_file(made, PurePosixPath(folder, "remote.pb"))
    assert {path.name: stat.filemode(path.stat().st_mode) for path in folder.iterdir()} == dict.fromkeys(
        ("made.pb", "local.pb", "remote.pb"), "-rw-r--r--"
    )


def test_a_copy_and_its_name_are_on_the_disk_of_the_host_before_it_counts(
    tmp_path: Path, source: Path, folder: Path, shell: tuple[str, ...]
) -> None:
    """As after `sync` with a folder: fsync of it, which makes the name last."""
    add_program(
        tmp_path, "sync", f'[ "$1" = -- ] && ls -d -- "$2" {shlex.quote(str(folder))}/run*/* >> {tmp_path}/synchronised 2>/dev/null'
    )
    (folder / "run").mkdir()
    (folder / "run" / "x").touch()
    host = RemoteHost("host", shell)
    host.copy_file(source, PurePosixPath(folder, "run", "copy"), Expected(len(CONTENT), MD5))
    told = (tmp_path / "synchronised").read_text().splitlines()
    parts = [line for line in told if ".copy.tmp." in line]
    assert [len(told), len(parts)] == [5, 1]
    assert told[2:] == [str(folder / "run"), str(folder / "run" / "copy"), str(folder / "run" / "x")]
    (tmp_path / "synchronised").unlink()
    host.make_folder(PurePosixPath(folder, "run2"))
    assert (tmp_path / "synchronised").read_text().splitlines()[0] == str(folder)
    add_program(tmp_path, "sync", f'[ "$2" != {shlex.quote(str(folder))} ]')
    with pytest.raises(CopyFailed, match="ended with 1"):
        host.copy_file(source, PurePosixPath(folder, "copy"))


def test_the_copies_of_two_processes_never_share_a_file(tmp_path: Path, source: Path, folder: Path, shell: tuple[str, ...]) -> None:
    """The rsync of a killed process goes on for a while."""
    rsync = tmp_path / "rsync"
    rsync.write_text(f'#!/bin/sh\nfor last; do :; done\necho "$last" >> {tmp_path}/places\nexec rsync "$@"')
    rsync.chmod(0o755)
    host = RemoteHost("host", shell, str(rsync))
    host.copy_file(source, PurePosixPath(folder, "copy"))
    program = "import sys; from pathlib import *; from services.transfer.copying import *"
    program += "; RemoteHost('host', tuple(sys.argv[4:]), sys.argv[1]).copy_file(Path(sys.argv[2]), PurePosixPath(sys.argv[3]))"
    command = [sys.executable, "-S", "-E", "-c", program, str(rsync), str(source), str(folder / "copy"), *shell]
    subprocess.run(command, check=True, cwd=TREE)
    places = (tmp_path / "places").read_text().splitlines()
    assert len(set(places)) == 2
    assert [whole_name(PurePosixPath(place).name) for place in places] == ["copy", "copy"]
    assert os.listdir(folder) == ["copy"]


def test_messages_of_ssh_have_no_ends_of_lines_in_logs() -> None:
    with pytest.raises(TargetFailed, match=r"^sh ended with 255: Connection closed; by a host$"):
        RemoteHost("host", ("sh", "-c", r"printf 'Connection closed\r\nby a host\r\n' >&2; exit 255")).run("", 600)


def test_commands_of_other_hosts_need_no_room_for_temporary_files_here(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", "/absent")
    assert RemoteHost("host", ("sh", "-c", "exit 3")).run("", 600, (3,)) == 3
    with pytest.raises(CopyFailed, match="ended with 4: a reason"):
        RemoteHost("host", ("sh", "-c", "echo a reason >&2; exit 4")).run("", 600)


def test_a_file_at_a_host_is_compared_by_size_and_md5(source: Path, folder: Path, shell: tuple[str, ...]) -> None:
    host = RemoteHost("host", shell)
    others = (Expected(len(CONTENT) - 1, MD5), Expected(len(CONTENT), OTHER_MD5))
    for path, is_same in ((source, True), (folder, False), (folder / "absent", False)):
        for expected, is_expected in ((Expected(len(CONTENT), MD5), is_same), *((other, False) for other in others)):
            assert has_file(path, expected) is is_expected
            assert host.has_file(PurePosixPath(path), expected) is is_expected
    with pytest.raises(TargetFailed, match="ended with 255"):
        RemoteHost("host", ("sh", "-c", "exit 255")).has_file(PurePosixPath(source), Expected(len(CONTENT), MD5))


@pytest.mark.parametrize(
    "state", ["/var/lib/a b", "/var/lib/%h", "/var/a'b", '/var/a"b', "/var/a\\b", "/var/$HOME", "/var/#x", "/var/a\nb"]
)
def test_no_connection_is_shared_by_a_socket_whose_path_ssh_would_not_take_for_itself(state: str) -> None:
    assert shared_socket(state, "host", ("ssh",)) == ""


@pytest.mark.skipif(not shutil.which("ssh"), reason="ssh is not on this machine")
@pytest.mark.parametrize("state", ["/var/lib/dqmhub-transfer", "/data/x_y-1.2+3,4:5@6=7~/é(;&|<>*?[])!{}^`"])
def test_ssh_takes_the_path_of_the_socket_of_a_shared_connection_for_itself(state: str) -> None:
    socket = shared_socket(state, "host", ("ssh",))
    assert socket.startswith(f"{state}/ssh-")
    done = subprocess.run(["ssh", "-G", "-F", "none", "-o", f"ControlPath={socket}", "host"], capture_output=True, check=True)
    assert f"controlpath {socket}" in done.stdout.decode().splitlines()


@pytest.fixture(scope="module")
def remote(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RemoteHost]:
    """This machine, by an sshd of its own."""
    if not sshd.IS_THERE or not shutil.which("rsync"):
        pytest.skip("sshd or rsync is not on this machine")
    with sshd.ssh_server(tmp_path_factory.mktemp("ssh")) as (address, arguments):
        yield RemoteHost(address, ("ssh", *arguments))


@pytest.mark.slow
def test_the_shells_of_the_server_read_no_files_of_the_user_of_this_machine(remote: RemoteHost) -> None:
    folder = Path(remote.ssh[remote.ssh.index("-i") + 1]).parent
    done = subprocess.run([*remote.ssh, remote.address, "cd && pwd"], capture_output=True, check=True, text=True)
    assert done.stdout == f"{folder}\n"


@pytest.mark.slow
def test_a_remote_copy_is_the_file_and_nothing_else_remains(remote: RemoteHost, source: Path, folder: Path) -> None:
    target = PurePosixPath(folder, "copy 'x' $(touch z).root")
    for expected in (None, Expected(len(CONTENT), MD5)):
        assert remote.copy_file(source, target, expected) == len(CONTENT)
        assert Path(target).read_bytes() == CONTENT
        assert os.listdir(folder) == [target.name]


@pytest.mark.slow
def test_a_remote_file_that_is_not_the_expected_one_never_gets_its_name(remote: RemoteHost, source: Path, folder: Path) -> None:
    for expected, words in ((Expected(299_999), "has not 299999 bytes"), (Expected(300_000, OTHER_MD5), f"is not {OTHER_MD5}")):
        with pytest.raises(SourceFailed, match=words):
            remote.copy_file(source, PurePosixPath(folder, "copy"), expected)
        assert os.listdir(folder) == []


@pytest.mark.slow
def test_copies_have_the_times_of_the_host_that_gets_them(remote: RemoteHost, source: Path, folder: Path) -> None:
    os.utime(source, (1e9, 1e9))
    copy_file(source, folder / "local")
    remote.copy_file(source, PurePosixPath(folder, "remote"))
    assert min((folder / name).stat().st_mtime for name in ("local", "remote")) > 1.7e9


@pytest.mark.slow
def test_what_a_killed_remote_copy_left_is_removed_by_the_next(remote: RemoteHost, source: Path, folder: Path) -> None:
    part = part_name("copy.pb", "0a1b2c")
    left = ("copy.pb.tmp", ".copy.pb.tmp.AbC123", part, f"{part}.AbC123")  # as rsync names what it writes
    others = {".copy.pb.tmp2.AbC123", ".other.pb.tmp.AbC123", "copy.pb.tmp.AbC123"}
    for name in (*left, *others):
        (folder / name).write_bytes(b"part")
    remote.copy_file(source, PurePosixPath(folder, "copy.pb"))
    assert set(os.listdir(folder)) == {"copy.pb", *others}


@pytest.mark.slow
def test_a_folder_is_made_once_and_only_in_one_that_exists(remote: RemoteHost, folder: Path) -> None:
    for _ in range(2):
        remote.make_folder(PurePosixPath(folder, "run 'x'"))
    assert os.listdir(folder) == ["run 'x'"]
    with pytest.raises(CopyFailed, match="No such file"):
        remote.make_folder(PurePosixPath(folder, "absent", "run"))


@pytest.mark.slow
def test_failures_of_a_remote_copy_are_named(remote: RemoteHost, source: Path, folder: Path) -> None:
    target = PurePosixPath(folder, "copy")
    with pytest.raises(CopyFailed, match=r"No such file or directory|rsync ended with 3: a file or folder cannot be selected"):
        remote.copy_file(source, PurePosixPath(folder, "absent", "copy"))  # rsync can lose its own message
    with pytest.raises(SourceFailed, match="absent: there is no such file"):
        remote.copy_file(folder / "absent", target)
    stranger = tuple(part.replace("/user", "/host") for part in remote.ssh)
    with pytest.raises(TargetFailed, match="Permission denied"):
        RemoteHost(remote.address, stranger).copy_file(source, target)
    nobody = ("ssh", "-F", "none", "-p", str(free_port()))
    with pytest.raises(TargetFailed, match="Connection refused"):
        RemoteHost(remote.address, nobody).copy_file(source, target)
    with pytest.raises(CopyFailed, match="No such file"):
        RemoteHost(remote.address, remote.ssh, rsync="/no/rsync").copy_file(source, target)
    assert os.listdir(folder) == []
