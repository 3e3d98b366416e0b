"""Copies of files that appear under their names when they are complete and checked: to a local folder, or by rsync over ssh."""

from __future__ import annotations

import hashlib
import json
import os
import re
import shlex
import subprocess
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import NamedTuple

from .concatenation import move_bytes
from .names import TEMPORARY

CONNECT_S = 10
IDLE_S = 30
"""Seconds without progress after which a remote copy fails."""
SLOWEST = 1_000_000
"""Bytes per second below which a remote copy fails."""
_ORIGIN = re.compile(r"md5:([0-9a-f]{32}) (\d{1,18}) .*\n?", re.ASCII | re.DOTALL)
_SIZE_DIFFERS, _MD5_DIFFERS = 3, 4


class CopyFailed(Exception):
    """A file that was not copied, with the reason; its name does not exist at the target, or has what it had before."""


class Expected(NamedTuple):
    """What a file must be.

    Attributes:
        size: Bytes.
        md5: 32 hex digits; empty if not known.
    """

    size: int
    md5: str = ""


def expected_by_report(text: bytes) -> Expected:
    """The size of a snapshot by its report, the `.jsn` beside it. Raises `ValueError`."""
    document = json.loads(text)
    data = document.get("data") if isinstance(document, dict) else None
    size = data[5] if isinstance(data, list) and len(data) > 5 else None
    if not isinstance(size, str | int) or not re.fullmatch(r"\d{1,18}", str(size), re.ASCII):
        raise ValueError("a report of a snapshot without its size")
    return Expected(int(size))


def expected_by_origin(text: bytes) -> Expected:
    """Size and md5 of a ROOT file by the `.root.origin` beside it. Raises `ValueError`."""
    match = _ORIGIN.fullmatch(text.decode(errors="surrogateescape"))
    if not match:
        raise ValueError("expected `md5:<32 hex digits> <size> <path>`")
    return Expected(int(match[2]), match[1])


def copy_file(source: Path, target: Path, expected: Expected | None = None) -> int:
    """Copy a file to a local or mounted folder; returns its size.

    The copy is written under a temporary name, synchronised to the disk, checked and renamed. Raises CopyFailed.
    """
    temporary = target.with_name(target.name + TEMPORARY)
    if not source.is_file():
        raise CopyFailed(f"{source}: there is no such file")
    try:
        with source.open("rb", buffering=0) as reader, temporary.open("w+b", buffering=0) as writer:
            before = os.fstat(reader.fileno())
            moved = move_bytes(reader.fileno(), writer.fileno(), 0, before.st_size)
            os.fsync(writer.fileno())
            after = os.fstat(reader.fileno())
            if (moved, before.st_mtime_ns) != (after.st_size, after.st_mtime_ns):
                raise CopyFailed(f"{source} changed while it was copied")
            writer.seek(0)
            md5 = hashlib.file_digest(writer, "md5").hexdigest() if expected and expected.md5 else ""
            if expected and expected != (moved, md5):
                raise CopyFailed(
                    f"the copy of {source} has {moved} bytes{md5 and ' and the md5 '}{md5}, not {expected.size} {expected.md5}".rstrip()
                )
        temporary.replace(target)
        _synchronise(target.parent)
    except (OSError, CopyFailed) as error:
        with suppress(OSError):
            temporary.unlink(missing_ok=True)
        raise error if isinstance(error, CopyFailed) else CopyFailed(f"{source} to {target}: {error.strerror or error}") from error
    return moved


def _synchronise(folder: Path) -> None:
    """Make a rename in this folder last."""
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
        ssh: The command and options of ssh; nothing is ever asked.
        rsync: The command.
    """

    address: str
    ssh: tuple[str, ...] = ("ssh",)
    rsync: str = "rsync"

    def copy_file(self, source: Path, target: PurePosixPath, expected: Expected | None = None) -> int:
        """Copy a file to an existing folder of the host; returns its size. As the local function, it raises CopyFailed."""
        try:
            before = source.stat()
        except OSError as error:
            raise CopyFailed(f"{source}: {error.strerror}") from error
        expected = expected or Expected(before.st_size)
        temporary = target.with_name(target.name + TEMPORARY)
        limit = CONNECT_S + IDLE_S + before.st_size / SLOWEST
        shell = shlex.join(self._ssh())
        place = f"{self.address}:{temporary}"
        _run([self.rsync, "--times", "--protect-args", f"--timeout={IDLE_S}", "--rsh", shell, "--", os.path.abspath(source), place], limit)
        script = _finish_script(str(temporary), str(target), expected)
        done = _run([*self._ssh(), "--", self.address, script], limit, (_SIZE_DIFFERS, _MD5_DIFFERS))
        if done == _SIZE_DIFFERS:
            raise CopyFailed(f"the copy of {source} has not {expected.size} bytes")
        if done == _MD5_DIFFERS:
            raise CopyFailed(f"the md5 of the copy of {source} is not {expected.md5}")
        return expected.size

    def _ssh(self) -> list[str]:
        options = ("BatchMode=yes", f"ConnectTimeout={CONNECT_S}", "ServerAliveInterval=10", "ServerAliveCountMax=3")
        return [*self.ssh, *(part for option in options for part in ("-o", option))]


MEANINGS = {
    3: "a file or folder cannot be selected",
    11: "a file cannot be read or written",
    12: "the connection broke",
    23: "a file was not transferred",
    255: "ssh failed",
}
"""Exit codes of rsync, by its manual: at the end of a connection its messages can be lost."""


def _finish_script(temporary: str, target: str, expected: Expected) -> str:
    """The script that checks a copy at the host, and renames it; a wrong one is removed."""
    before, after = shlex.quote(temporary), shlex.quote(target)
    lines = [f'[ "$(stat -c %s -- {before})" = {expected.size} ] || {{ rm -f -- {before}; exit {_SIZE_DIFFERS}; }}']
    if expected.md5:
        lines.append(f'[ "$(md5sum < {before})" = "{expected.md5}  -" ] || {{ rm -f -- {before}; exit {_MD5_DIFFERS}; }}')
    return "\n".join([*lines, f"sync -- {before} && mv -T -- {before} {after}"])


def _run(command: list[str], limit_s: float, allowed: tuple[int, ...] = ()) -> int:
    """Run a command, and return its exit code, 0 or one of those allowed. Raises CopyFailed with what it said."""
    try:
        done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, check=False, timeout=limit_s)
    except subprocess.TimeoutExpired:
        raise CopyFailed(f"{command[0]} did not end within {limit_s:.0f} s") from None
    except OSError as error:
        raise CopyFailed(f"{command[0]}: {error.strerror}") from error
    if done.returncode not in (0, *allowed):
        said = "; ".join(done.stderr.decode(errors="replace").split("\n")[:3]).strip("; ")
        raise CopyFailed(f"{command[0]} ended with {done.returncode}: {said or MEANINGS.get(done.returncode, 'no message')}")
    return done.returncode
