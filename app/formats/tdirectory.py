"""Legacy DQM files: histograms and tagged strings in nested ROOT directories.

`DQMData/Run N/<Subsystem>/Run summary/<folder>/.../<object>` is the ME `<Subsystem>/<folder>/.../<object>` of run N,
lumi 0. A file may hold several runs. What stands elsewhere is no ME, and neither is an object of a class that is not
in `Kind` (a tree, a canvas). Of several cycles the highest counts.
"""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING

from app.formats.model import EFFICIENCY, Columns, Facts, FormatError, Kind, Listing, Payload, QTest, Row, Scan, worst_status
from app.formats.names import NameList
from app.formats.objects import decompress, frame, frame_size
from app.formats.rootfile import DAMAGE, DIRECTORIES, Key, RootFile, parse_key
from app.formats.tags import as_utf8, read_tags

if TYPE_CHECKING:
    from collections.abc import Iterable

MAX_DEPTH = 100
MAX_OBJECT = 1 << 28
"""Bytes of the largest histogram that is decompressed for the renderer."""
EFFICIENCY_FLAG = 0x00200000
"""Bit of `Payload.flags`, which otherwise are the kind."""

_RUN = re.compile(rb"Run (\d{1,9})")
_KINDS = {kind.class_name.encode(): int(kind) for kind in Kind if not kind.scalar}
_CLASSES = {kind: class_name for class_name, kind in _KINDS.items()}
_DROPPED = b"BadModuleList"


def scan(path: str | os.PathLike[str]) -> Scan:
    """The MEs of each run in the file.

    Raises `OSError` when it cannot be opened, and `FormatError` when it is no ROOT file, is damaged so that nothing can
    be read, or has no DQMData directory. Lesser damage costs what it hit, and is counted.
    """
    with RootFile(path) as file:
        tree = _Tree(file)
        data = tree.folders(None).get(b"DQMData")
        if data is None:
            raise FormatError("has no directory DQMData", file.path, "a DQM file, with DQMData/Run N/...")
        samples: dict[int, _Sample] = {}
        for name, folder in tree.folders(data).items():
            if run := _RUN.fullmatch(name):
                samples.setdefault(int(run[1]), _Sample(tree)).add(folder)
    return Scan({(run, 0): sample.listing() for run, sample in samples.items()}, tree.unreadable)


def payload(path: str | os.PathLike[str], row: Row) -> Payload:
    """The histogram at `row`, with one read.

    Raises `ValueError` for a scalar (its text is in the facts), `OSError` when the file cannot be read, and
    `FormatError` when the object is not there any more, is damaged, or is larger than `MAX_OBJECT`.
    """
    class_name = _CLASSES.get(row.kind)
    if class_name is None:
        raise ValueError(f"an ME of kind {row.kind} has no histogram")
    where = f"{os.fspath(path)} at byte {row.seek}"
    if row.objlen > MAX_OBJECT:
        raise FormatError(f"an object of {row.objlen} bytes", where, f"at most {MAX_OBJECT}")
    data = _read(path, row)
    try:
        key, _ = parse_key(data, 0, row.seek + row.nbytes)
    except DAMAGE:
        key = None
    if key is None or (key.class_name, *key[2:6]) != (class_name, *row[:4]):
        raise FormatError("another object than was listed", where, f"the same {class_name.decode()}; the file was replaced or damaged")
    content = decompress(data[row.keylen :], row.objlen, where)
    flags = row.kind | (EFFICIENCY_FLAG if row.flags & EFFICIENCY else 0)
    return Payload(flags, frame(class_name, content), row.keylen - frame_size(class_name))


def _read(path: str | os.PathLike[str], row: Row) -> bytes:
    file = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    try:
        return os.pread(file, row.nbytes, row.seek)
    finally:
        os.close(file)


class _Tree:
    """The directories of a file, each read once, with a count of all that could not be read."""

    def __init__(self, file: RootFile) -> None:
        self._file = file
        self._visited: set[int] = set()
        self.unreadable = 0

    def keys(self, directory: Key | None) -> list[Key]:
        """What is in a directory; nothing when it has been read before, for then the directories form a circle."""
        seek = 0 if directory is None else directory.seek
        if seek in self._visited:
            self.unreadable += 1
            return []
        self._visited.add(seek)
        listed = self._file.keys(directory)
        self.unreadable += listed.damaged
        return listed.keys

    def folders(self, directory: Key | None) -> dict[bytes, Key]:
        """The subdirectories by name."""
        return _latest(key for key in self.keys(directory) if key.class_name in DIRECTORIES)


def _latest(keys: Iterable[Key]) -> dict[bytes, Key]:
    latest: dict[bytes, Key] = {}
    for key in keys:
        held = latest.get(key.name)
        if held is None or held.cycle < key.cycle:
            latest[key.name] = key
    return latest


class _Sample:
    """The MEs of one run by their path, while they are read."""

    def __init__(self, tree: _Tree) -> None:
        self._tree = tree
        self._unreadable = 0
        # seek, nbytes, objlen, keylen, kind, status, flags
        self._rows: dict[bytes, tuple[int, int, int, int, int, int, int]] = {}
        self._scalars: dict[bytes, str] = {}
        self._qtests: dict[bytes, list[QTest]] = {}

    def add(self, run: Key) -> None:
        """Reads what is below the directory of a run."""
        before = self._tree.unreadable
        for subsystem, directory in self._tree.folders(run).items():
            summary = self._tree.folders(directory).get(b"Run summary")
            if summary is not None:
                self._add_tree(summary, subsystem)
        self._unreadable += self._tree.unreadable - before

    def _add_tree(self, top: Key, subsystem: bytes) -> None:
        pending = [(top, as_utf8(subsystem), 1)]
        while pending:
            directory, path, depth = pending.pop()
            if not _readable(path) or depth > MAX_DEPTH:
                self._tree.unreadable += 1
            elif _DROPPED not in path:
                folders = self._add_directory(self._tree.keys(directory), path + b"/")
                pending += [(key, path + b"/" + as_utf8(name), depth + 1) for name, key in folders.items()]

    def _add_directory(self, keys: list[Key], prefix: bytes) -> dict[bytes, Key]:
        """Adds the MEs of one directory; returns its subdirectories."""
        histograms = _latest(key for key in keys if key.class_name in _KINDS)
        marks = read_tags([key.name for key in keys if key.class_name == b"TObjString"], histograms)
        self._tree.unreadable += marks.unreadable
        for name, key in histograms.items():
            flags = EFFICIENCY if name in marks.efficiencies else 0
            self._add(prefix + as_utf8(name), (*key[2:6], _KINDS[key.class_name]), marks.qtests.get(name), flags)
        for name, (kind, text) in marks.scalars.items():
            path = prefix + as_utf8(name)
            self._add(path, (0, 0, 0, 0, kind), marks.qtests.get(name), 0)
            self._scalars[path] = text
        return _latest(key for key in keys if key.class_name in DIRECTORIES)

    def _add(self, path: bytes, place: tuple[int, int, int, int, int], tests: list[QTest] | None, flags: int) -> None:
        if not _readable(path) or path in self._rows:
            self._tree.unreadable += 1
        elif _DROPPED not in path:
            status = 0
            if tests:
                status = worst_status(test.status for test in tests)
                self._qtests[path] = tests
            self._rows[path] = (*place, status, flags)

    def listing(self) -> Listing:
        """All that was added, in the order of the names."""
        names = sorted(self._rows)
        columns = Columns(zip(*map(self._rows.__getitem__, names), strict=True)) if names else Columns()
        index = {name: number for number, name in enumerate(names)}
        scalars = {index[name]: text for name, text in self._scalars.items() if name in index}
        qtests = {index[name]: tests for name, tests in self._qtests.items() if name in index}
        return Listing(NameList(names), columns, Facts(scalars, qtests), self._unreadable)


def _readable(path: bytes) -> bool:
    """Whether each part of a path has a name that can be shown."""
    return not (b"\0" in path or b"//" in path or path.startswith(b"/") or path.endswith(b"/"))
