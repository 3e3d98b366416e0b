"""Concatenation of the snapshots of several clients: the kernel moves the bytes, and no ME is decoded.

Of the entries with the same name only the last one is written.
"""

from __future__ import annotations

import errno
import os
from array import array
from bisect import bisect_right
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, BinaryIO, NamedTuple

from .files import FileVersion, file_version
from .frames import MAX_ENTRIES, DamagedInput, open_snapshot, read_frames
from .names import TEMPORARY

MAX_EXAMPLES = 20
"""Names of MEs of several clients that a report lists."""
_NO_COPY_FILE_RANGE = {errno.EXDEV, errno.EINVAL, errno.ENOSYS, errno.EOPNOTSUPP, errno.EPERM}
_NOT_OF_THE_INPUT = {errno.ENOSPC, errno.EDQUOT, errno.EMFILE, errno.ENFILE}


class Included(NamedTuple):
    """A snapshot in a concatenation.

    Attributes:
        path: The file.
        entries: Entries that it has.
        replaced: Those of them that a later snapshot replaces.
    """

    path: Path
    entries: int
    replaced: int


@dataclass
class Concatenation:
    """What a concatenation consists of.

    Attributes:
        path: The file that was written.
        size: Its size, bytes.
        entries: Its entries, each with a name of its own.
        included: The snapshots in it, in their order.
        left_out: The damaged snapshots, with the reason.
        shared: Number of names that more than one snapshot has.
        examples: Some of them: the name, and the snapshots of its last two entries.
    """

    path: Path
    size: int = 0
    entries: int = 0
    included: list[Included] = field(default_factory=list)
    left_out: dict[Path, str] = field(default_factory=dict)
    shared: int = 0
    examples: dict[str, tuple[Path, Path]] = field(default_factory=dict)


def concatenate(inputs: Sequence[Path], output: Path) -> Concatenation:
    """Write snapshots into one file, which appears under its name when it is complete.

    Args:
        inputs: The snapshots, the oldest first: of an ME in several of them the last counts.
        output: The file to write. It is not synchronised to the disk: after a power failure the next one replaces it.

    Damaged snapshots are left out. Raises `OSError` when the output cannot be written.
    """
    left_out: dict[Path, str] = {}
    temporary = output.with_name(output.name + TEMPORARY)
    while True:
        with ExitStack() as stack:
            stack.callback(temporary.unlink, missing_ok=True)
            plan = _Plan(Concatenation(output, left_out=left_out))
            for path in inputs:
                if path not in left_out:
                    plan.add(path, stack)
            target = stack.enter_context(temporary.open("wb", buffering=0))
            try:
                plan.write(target)
            except _ChangedInput as error:
                left_out[error.path] = "it changed while it was read"
                continue
            temporary.replace(output)
            return plan.finish()


class _ChangedInput(Exception):
    def __init__(self, path: Path) -> None:
        self.path = path


@dataclass
class _Input:
    """One snapshot: where its entries begin (the last number is the end of the file), and which of them are replaced."""

    path: Path
    file: IO[bytes]
    begins: array[int]
    replaced: bytearray
    first: int
    version: FileVersion

    def ranges(self) -> list[tuple[int, int]]:
        """Begin and end of each sequence of entries to write."""
        found, at = [], 0
        while (start := self.replaced.find(0, at)) >= 0:
            stop = self.replaced.find(1, start)
            at = len(self.replaced) if stop < 0 else stop
            found.append((self.begins[start], self.begins[at]))
        return found


class _Plan:
    """The entries to write, by snapshot."""

    def __init__(self, result: Concatenation) -> None:
        self._result = result
        self._inputs: list[_Input] = []
        self._firsts: list[int] = []
        self._last: dict[bytes, int] = {}
        self._shared: set[bytes] = set()
        self._entries = 0

    def add(self, path: Path, stack: ExitStack) -> None:
        """Add a snapshot, or note why it is left out."""
        try:
            file = open_snapshot(path, self._result.path.parent, stack)
            version = file_version(file.fileno())
            names, begins = read_frames(file.fileno())
        except DamagedInput as error:
            self._result.left_out[path] = str(error)
            return
        except OSError as error:
            if error.errno in _NOT_OF_THE_INPUT:
                raise
            self._result.left_out[path] = error.strerror or str(error)
            return
        if self._entries + len(names) > MAX_ENTRIES:
            self._result.left_out[path] = f"with it the concatenation would have more than {MAX_ENTRIES} MEs"
            return
        self._inputs.append(_Input(path, file, begins, bytearray(len(names)), self._entries, version))
        self._firsts.append(self._entries)
        self._replace(names)
        self._entries += len(names)

    def _replace(self, names: list[bytes]) -> None:
        """Mark the entries that the newest snapshot replaces."""
        last = self._last
        newest = self._inputs[-1]
        for number, name in enumerate(names, newest.first):
            before = last.get(name)
            last[name] = number
            if before is not None:
                holder = self._inputs[bisect_right(self._firsts, before) - 1]
                holder.replaced[before - holder.first] = 1
                if holder is not newest:
                    self._shared.add(name)
                    text = name.decode()
                    if len(self._result.examples) < MAX_EXAMPLES or text in self._result.examples:
                        self._result.examples[text] = (holder.path, newest.path)

    def write(self, target: BinaryIO | IO[bytes]) -> None:
        """Write the entries that are not replaced. Raises _ChangedInput when a snapshot has changed."""
        for one in self._inputs:
            for begin, end in one.ranges():
                if move_bytes(one.file.fileno(), target.fileno(), begin, end - begin) < end - begin:
                    raise _ChangedInput(one.path)
            if file_version(one.file.fileno()) != one.version:
                raise _ChangedInput(one.path)
            self._result.size = target.tell()

    def finish(self) -> Concatenation:
        """The report on what was written."""
        self._result.entries = len(self._last)
        self._result.shared = len(self._shared)
        self._result.included = [Included(one.path, len(one.replaced), one.replaced.count(1)) for one in self._inputs]
        return self._result


def move_bytes(source: int, target: int, begin: int, length: int) -> int:
    """Append bytes of an open file to another one within the kernel; returns their number. Raises `OSError`."""
    moved = 0
    by_range = True
    while moved < length:
        try:
            if by_range:
                part = os.copy_file_range(source, target, length - moved, begin + moved)
            else:
                part = os.sendfile(target, source, begin + moved, length - moved)
        except OSError as error:
            if not by_range or error.errno not in _NO_COPY_FILE_RANGE:
                raise
            part, by_range = 0, False  # between these two file systems
            continue
        if part == 0 and not by_range:
            break
        by_range = by_range and part > 0
        moved += part
    return moved
