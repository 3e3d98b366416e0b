"""Copies of files that appear under their names when they are complete and checked: to a local folder, or by rsync over ssh."""

from __future__ import annotations

import errno
import hashlib
import os
import re
import secrets
import shlex
import stat
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import IO

from .concatenation import move_bytes
from .expected import Expected
from .files import file_version
from .names import TEMPORARY, part_name
from .programs import run_program
from .time_limit import TimeLimit

CONNECT_S = 10
IDLE_S = 30
"""Seconds without progress after which a remote copy fails."""
SHARED_S = 60
"""Seconds for which a shared connection waits for the next command."""
MOST_SOCKET = 85
"""Bytes of the path of a socket: the kernel allows 107, and ssh appends 17 while it makes one."""
SLOWEST = 1_000_000
"""Bytes per second below which a remote copy fails."""
MOST_MESSAGE = 4096
"""Bytes of the messages of a command that are read."""
_SIZE_DIFFERS, _MD5_DIFFERS = 3, 4
_PROCESS = secrets.token_hex(3)
_NOT_IN_A_SOCKET = re.compile(r"""[\s"'\\%$#]""")
"""Characters that ssh takes for more than a part of a path."""
_OF_THE_TARGET = {
    *(errno.ENOTCONN, errno.ESTALE, errno.EIO, errno.ENODEV, errno.ETIMEDOUT, errno.EHOSTDOWN, errno.EHOSTUNREACH),
    *(errno.ENOSPC, errno.EDQUOT, errno.EROFS),
}


class CopyFailed(Exception):
    """A file was not copied; the message is the reason. The target has no file of this name, or still the one before."""


class SourceFailed(CopyFailed):
    """The reason is the file itself: it is missing, cannot be read, changed while it was copied, or differs from what is expected."""


class TargetFailed(CopyFailed):
    """The reason is the target as a whole, such as a broken connection or a full disk: other files would fail as well."""


def copy_file(source: Path, target: Path, expected: Expected | None = None) -> int:
    """Copy a file to a local or mounted folder; returns its size.

    The copy is written under a temporary name, synchronised to the disk, checked and renamed. Raises CopyFailed.
    """
    temporary = target.with_name(target.name + TEMPORARY)
    with _opened(source) as reader:
        try:
            with temporary.open("w+b", buffering=0) as writer:
                size = _copy_checked(reader, writer, expected)
            temporary.replace(target)
            synchronise(target.parent)
        except (OSError, CopyFailed) as error:
            with suppress(OSError):
                temporary.unlink(missing_ok=True)
            if isinstance(error, CopyFailed):
                raise
            kind = TargetFailed if error.errno in _OF_THE_TARGET else CopyFailed
            raise kind(f"{source} to {target}: {error.strerror or error}") from error
    return size


def _opened(source: Path) -> IO[bytes]:
    """Open a file. Raises SourceFailed, at once if it is not a regular file."""
    try:
        if not stat.S_ISREG(source.stat().st_mode):
            raise SourceFailed(f"{source}: it is not a file")
        return source.open("rb", buffering=0)
    except FileNotFoundError:
        raise SourceFailed(f"{source}: there is no such file") from None
    except OSError as error:
        raise SourceFailed(f"{source}: {error.strerror}") from error


def _copy_checked(reader: IO[bytes], writer: IO[bytes], expected: Expected | None) -> int:
    """Copy an open file, and check the copy; returns its size. Raises `OSError` and CopyFailed."""
    before = file_version(reader.fileno())
    moved = move_bytes(reader.fileno(), writer.fileno(), 0, before.size)
    os.fsync(writer.fileno())
    if before._replace(size=moved) != file_version(reader.fileno()):
        raise SourceFailed(f"{reader.name} changed while it was copied")
    md5 = _md5(writer) if expected and expected.md5 else ""
    if expected and expected != (moved, md5):
        kind = CopyFailed if md5 and expected == (moved, _md5(reader)) else SourceFailed
        has = f"{moved} bytes{md5 and ' and the md5 '}{md5}"
        raise kind(f"the copy of {reader.name} has {has}, not {expected.size} {expected.md5}".rstrip())
    return moved


def _md5(file: IO[bytes]) -> str:
    file.seek(0)
    return hashlib.file_digest(file, "md5").hexdigest()  # type: ignore[arg-type]  # an unbuffered file can be read into memory


def synchronise(folder: Path) -> None:
    """Write new names in this folder to the disk, so that they survive a power failure. Raises `OSError`."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@dataclass(frozen=True)
class RemoteHost:
    """A host that files are copied to by rsync over ssh.

    Attributes:
        address: `user@host` or `host`.
        ssh: The command and options of ssh, which never prompts.
        rsync: The command.
        socket: The path of a socket by which commands share one connection: the first one opens it, and it ends by
            `close` or after SHARED_S without use. Empty: each command has a connection of its own.
    """

    address: str
    ssh: tuple[str, ...] = ("ssh",)
    rsync: str = "rsync"
    socket: str = ""

    def copy_file(self, source: Path, target: PurePosixPath, expected: Expected | None = None) -> int:
        """Copy a file to an existing folder of the host; returns its size. Raises CopyFailed.

        Times of the copy are by the clock of the host.
        """
        with _opened(source) as reader:
            before = file_version(reader.fileno())
            expected = expected or Expected(before.size)
            temporary = target.with_name(part_name(target.name, _PROCESS))
            limit = _limit_s(before.size)
            place = f"{self.address}:{temporary}"
            options = ("--whole-file", "--ignore-times", "--protect-args", f"--timeout={IDLE_S}", "--rsh", shlex.join(self._ssh()))
            _run([self.rsync, *options, "--", os.path.abspath(source), place], limit)
            code = self.run(_finish_script(temporary, target, expected), limit, (_SIZE_DIFFERS, _MD5_DIFFERS))
            if not code:
                return expected.size
            is_source = file_version(reader.fileno()) != before or not _is_expected(reader, expected)
            kind = SourceFailed if is_source else CopyFailed
            if code == _SIZE_DIFFERS:
                raise kind(f"the copy of {source} has not {expected.size} bytes")
            raise kind(f"the md5 of the copy of {source} is not {expected.md5}")

    def has_file(self, path: PurePosixPath, expected: Expected) -> bool:
        """Whether a file of the host has the expected size and md5. Raises CopyFailed."""
        file = shlex.quote(str(path))
        tests = f'[ -f {file} ] && [ "$(stat -c %s -- {file})" = {expected.size} ] && [ "$(md5sum < {file})" = "{expected.md5}  -" ]'
        script = f"{tests} || exit {_MD5_DIFFERS}\nsync -- {shlex.quote(str(path.parent))}"
        return self.run(script, _limit_s(expected.size), (_MD5_DIFFERS,)) == 0

    def make_folder(self, folder: PurePosixPath) -> None:
        """Create a folder in an existing one, unless it exists. Raises CopyFailed."""
        place = shlex.quote(str(folder))
        command = f"[ -d {place} ] || mkdir -- {place} || [ -d {place} ] || exit"
        self.run(f"{command}\nsync -- {shlex.quote(str(folder.parent))}", CONNECT_S + IDLE_S)

    def run(self, script: str, limit_s: float, allowed: tuple[int, ...] = ()) -> int:
        """Run a script of the shell; returns its exit code, 0 or one of those allowed. Raises CopyFailed."""
        return _run([*self._ssh(), "--", self.address, script], limit_s, allowed)

    def output(self, script: str, limit_s: float) -> str:
        """What a script of the shell writes to standard output. Raises CopyFailed."""
        with open(os.memfd_create("output"), "w+b") as output:
            _run([*self._ssh(), "--", self.address, script], limit_s, output=output)
            output.seek(0)
            return os.fsdecode(output.read())

    def _ssh(self) -> list[str]:
        options = ("BatchMode=yes", f"ConnectTimeout={CONNECT_S}", "ServerAliveInterval=10", "ServerAliveCountMax=3")
        shared = ("ControlMaster=auto", f"ControlPath={self.socket}", f"ControlPersist={SHARED_S}") if self.socket else ()
        return [*self.ssh, *(part for option in (*options, *shared) for part in ("-o", option))]

    def close(self) -> None:
        """End the shared connection."""
        if self.socket:
            with suppress(CopyFailed):
                _run([*self._ssh(), "-O", "exit", "--", self.address], CONNECT_S)


def shared_socket(state: str, address: str, ssh: tuple[str, ...]) -> str:
    """The path in this folder of the socket of a connection that commands share.

    "" if it is too long for a socket, or has characters that have a meaning for ssh: then no connection is shared.
    """
    digest = hashlib.sha256(repr((address, ssh)).encode()).hexdigest()[:8]
    path = os.path.join(state, f"ssh-{digest}")
    return path if len(os.fsencode(path)) <= MOST_SOCKET and not _NOT_IN_A_SOCKET.search(path) else ""


def _limit_s(size: int) -> float:
    """Seconds in which so many bytes must have been copied or read."""
    return CONNECT_S + IDLE_S + size / SLOWEST


MEANINGS = {
    3: "a file or folder cannot be selected",
    11: "a file cannot be read or written",
    12: "the connection broke",
    23: "a file was not transferred",
    30: "there was no progress",
    35: "the connection timed out",
    255: "ssh failed",
}
"""Exit codes of rsync, by its manual: at the end of a connection its messages can be lost."""
_CODES_OF_THE_TARGET = {5, 10, 11, 12, 30, 35, 255}


def check_source(source: Path, expected: Expected) -> None:
    """Check a file before it is copied. Raises SourceFailed when its size or md5 is not the expected one."""
    if not has_file(source, expected):
        raise SourceFailed(f"{source} has not {expected.size} bytes and the md5 {expected.md5}")


def has_file(path: Path, expected: Expected) -> bool:
    """Whether a file has the expected size and md5; False if it cannot be read."""
    try:
        with _opened(path) as reader:
            return _is_expected(reader, expected)
    except (OSError, SourceFailed):
        return False


def _is_expected(file: IO[bytes], expected: Expected) -> bool:
    """Whether an open file has the expected size and md5."""
    return os.fstat(file.fileno()).st_size == expected.size and expected.md5 in ("", _md5(file))


def _finish_script(temporary: PurePosixPath, target: PurePosixPath, expected: Expected) -> str:
    """The script that checks and renames a copy on the host; it removes wrong copies, and the parts of killed ones."""
    before, after, folder = (shlex.quote(str(path)) for path in (temporary, target, target.parent))
    lines = [f'[ "$(stat -c %s -- {before})" = {expected.size} ] || {{ rm -f -- {before}; exit {_SIZE_DIFFERS}; }}']
    if expected.md5:
        lines.append(f'[ "$(md5sum < {before})" = "{expected.md5}  -" ] || {{ rm -f -- {before}; exit {_MD5_DIFFERS}; }}')
    lines.append(f"sync -- {before} && mv -T -- {before} {after} && sync -- {folder} || exit")
    plain = shlex.quote(f"{target.parent}/{target.name}{TEMPORARY}")
    part = shlex.quote(f"{target.parent}/{part_name(target.name, '')}")
    return "\n".join([*lines, f"rm -f -- {plain} {part}?????? {part}??????.??????"])


def _run(command: list[str], limit_s: float, allowed: tuple[int, ...] = (), output: IO[bytes] | None = None) -> int:
    """Run a command, and return its exit code, 0 or one of those allowed. Raises CopyFailed with its message.

    Without `output`, standard output is a part of the message.
    """
    with open(os.memfd_create("messages"), "w+b") as messages:  # also on a full disk
        try:
            code = run_program(command, TimeLimit(limit_s), output or messages, messages)
        except OSError as error:
            raise CopyFailed(f"{command[0]}: {error.strerror}") from error
        messages.seek(0)
        text = messages.read(MOST_MESSAGE).decode(errors="replace")
    if code is None:
        raise TargetFailed(f"{command[0]} did not end within {limit_s:.0f} s")
    if code not in (0, *allowed):
        message = "; ".join(text.splitlines()[:3]).strip("; ")  # lines of ssh end with \r\n
        kind = TargetFailed if code in _CODES_OF_THE_TARGET else CopyFailed
        raise kind(f"{command[0]} ended with {code}: {message or MEANINGS.get(code, 'no message')}")
    return code
