"""Legacy DQM files: histograms and tagged strings in nested ROOT directories.

`DQMData/Run N/<Subsystem>/Run summary/<folder>/.../<object>` is the ME `<Subsystem>/<folder>/.../<object>` of run N, lumi 0.
A file may hold several runs. Objects elsewhere and objects of a class without a `Kind` (trees, canvases) are not MEs. The
highest cycle of an object counts.
"""

from __future__ import annotations

import re
from operator import itemgetter
from typing import TYPE_CHECKING, TypeVar

from app.formats.elements import Kind, QTest, worst_status
from app.formats.errors import FormatError
from app.formats.listing import EFFICIENCY, Columns, Facts, MEListing, MERow, Payload, Scan
from app.formats.me_names import MENames
from app.formats.me_tags import read_tags
from app.formats.registry import Format
from app.formats.root.compression import decompress
from app.formats.root.files import DIRECTORIES, RootFile
from app.formats.root.framing import frame, frame_size
from app.formats.root.keys import DAMAGE, RootKey, parse_key
from app.formats.text_encoding import to_utf8

if TYPE_CHECKING:
    from collections.abc import Iterable

    from app.formats.file_head import FileHead
    from app.formats.file_source import FileSource

MAX_DEPTH = 100
"""Folders in a path."""

_RUN = re.compile(rb"Run (\d{1,9})")
_TEXT = b"TObjString"
_KINDS = {kind.class_name.encode(): int(kind) for kind in Kind if not kind.scalar}
# A scalar is stored in the name of its key, so no bytes are read for it; its kind is filled in later.
_NO_KEY = RootKey(_TEXT, b"", 0, 0, 0, 0, 0, 0)
_KINDS_OF_KEYS = {**_KINDS, _TEXT: 0}
_DROPPED = b"BadModuleList"

T = TypeVar("T")


def scan(source: FileSource) -> Scan:
    """The MEs of each run in the file.

    Raises `OSError` when it cannot be read, and `FormatError` when it is not a ROOT file, has no directory DQMData, or nothing in
    it is readable. Smaller damage loses only the MEs that it affects, and is counted.
    """
    tree = _Tree(RootFile(source))
    data = tree.folders(None).get(b"DQMData")
    if data is None:
        raise FormatError("has no directory DQMData", source.path, "a DQM file, with DQMData/Run N/...")
    samples: dict[int, _Sample] = {}
    for name, folder in tree.folders(data).items():
        if run := _RUN.fullmatch(name):
            samples.setdefault(int(run[1]), _Sample(tree)).add(folder)
    return Scan({(run, 0): sample.listing() for run, sample in samples.items()}, tree.unreadable)


def payload(source: FileSource, row: MERow) -> Payload:
    """The histogram at `row`, with one read.

    Raises `ValueError` for a scalar (its text is in the facts), `OSError` when the file cannot be read, and `FormatError`
    when the object is missing, damaged, or larger than `MAX_OBJECT`.
    """
    where = f"{source.path} at byte {row.seek}"
    class_name = row.histogram(where)
    data = source.read(row.seek, row.nbytes)
    try:
        key, _ = parse_key(data, 0, row.seek + row.nbytes)
    except DAMAGE:
        key = None
    if key is None or (key.class_name, *key[2:6]) != (class_name, *row[:4]):
        raise FormatError("not the listed object", where, f"the same {class_name.decode()}; the file was replaced or damaged")
    source.budget.unpack(row.objlen)
    content = decompress(data[row.keylen :], row.objlen, where)
    return Payload(row.payload_flags, frame(class_name, content), row.keylen - frame_size(class_name))


class _Tree:
    """The directories of a file, each read once.

    Attributes:
        unreadable: Number of unreadable directories and keys so far.
    """

    def __init__(self, file: RootFile) -> None:
        self._file = file
        self._visited: set[int] = set()
        self.unreadable = 0

    def keys(self, directory: RootKey | None) -> list[RootKey]:
        """The keys of a directory; none when it was read before, because the directories then contain each other."""
        seek = 0 if directory is None else directory.seek
        if seek in self._visited:
            self.unreadable += 1
            return []
        self._visited.add(seek)
        listed = self._file.keys(directory)
        self.unreadable += listed.damaged
        return listed.keys

    def folders(self, directory: RootKey | None) -> dict[bytes, RootKey]:
        """The subdirectories by name."""
        return _latest(key for key in self.keys(directory) if key.class_name in DIRECTORIES)


def _latest(keys: Iterable[RootKey]) -> dict[bytes, RootKey]:
    latest: dict[bytes, RootKey] = {}
    for key in keys:
        held = latest.get(key.name)
        if held is None or held.cycle < key.cycle:
            latest[key.name] = key
    return latest


class _Sample:
    """The MEs of one run by their path, while the file is read."""

    def __init__(self, tree: _Tree) -> None:
        self._tree = tree
        self._unreadable = 0
        self._keys: dict[bytes, RootKey] = {}
        self._scalars: dict[bytes, tuple[Kind, str]] = {}
        self._qtests: dict[bytes, list[QTest]] = {}
        self._efficiencies: set[bytes] = set()

    def add(self, run: RootKey) -> None:
        """Add the MEs below the directory of a run."""
        before = self._tree.unreadable
        for subsystem, directory in self._tree.folders(run).items():
            summary = self._tree.folders(directory).get(b"Run summary")
            if summary is not None:
                self._add_folders({subsystem: summary})
        self._unreadable += self._tree.unreadable - before

    def _add_folders(self, top: dict[bytes, RootKey]) -> None:
        pending = [(b"", top)]
        while pending:
            parent, folders = pending.pop()
            usable = _by_path(parent, folders) if parent.count(b"/") < MAX_DEPTH else {}
            self._tree.unreadable += len(folders) - len(usable)
            for path, directory in usable.items():
                keys = self._tree.keys(directory)
                self._add_directory(path + b"/", keys)
                pending.append((path + b"/", _latest(key for key in keys if key.class_name in DIRECTORIES)))

    def _add_directory(self, prefix: bytes, keys: list[RootKey]) -> None:
        histograms = _latest(key for key in keys if key.class_name in _KINDS)
        tags = read_tags([key.name for key in keys if key.class_name == _TEXT], histograms)
        before = len(self._keys)
        self._keys.update(_by_path(prefix, histograms))
        scalars = _by_path(prefix, tags.scalars)
        self._keys.update(dict.fromkeys(scalars, _NO_KEY))
        self._scalars.update(scalars)
        added = len(self._keys) - before
        self._tree.unreadable += tags.unreadable + len(histograms) + len(tags.scalars) - added
        self._qtests.update(_by_path(prefix, tags.qtests))
        self._efficiencies.update(_by_path(prefix, dict.fromkeys(tags.efficiencies)))

    def listing(self) -> MEListing:
        """The listing of all MEs that were added."""
        names = sorted(path for path in self._keys if _DROPPED not in path)
        index = {name: number for number, name in enumerate(names)}
        scalars = {index[name]: value for name, value in self._scalars.items() if name in index}
        qtests = {index[name]: tests for name, tests in self._qtests.items() if name in index}
        columns = _columns([self._keys[name] for name in names])
        for number, (kind, _) in scalars.items():
            columns.kind[number] = kind
        for number, tests in qtests.items():
            columns.status[number] = worst_status(test.status for test in tests)
        for name in self._efficiencies & index.keys():
            columns.flags[index[name]] |= EFFICIENCY
        facts = Facts({number: text for number, (_, text) in scalars.items()}, qtests)
        return MEListing(MENames(names), columns, facts, self._unreadable)


def _columns(keys: list[RootKey]) -> Columns:
    places = [map(itemgetter(field), keys) for field in range(2, 6)]
    kinds = map(_KINDS_OF_KEYS.__getitem__, map(itemgetter(0), keys))
    nothing = [0] * len(keys)
    return Columns([*places, kinds, nothing, nothing, nothing, nothing])


def _by_path(prefix: bytes, named: dict[bytes, T]) -> dict[bytes, T]:
    """The same values by path in UTF-8 instead of by name, without names that pages and URLs cannot show."""
    together = b"/".join(named)
    # Nearly every directory has only plain names; testing all of them at once keeps listing fast.
    if together.isascii() and b"\0" not in together and together.count(b"/") == len(named) - 1 and b"" not in named:
        return {prefix + name: value for name, value in named.items()}
    return {prefix + to_utf8(name): value for name, value in named.items() if b"\0" not in name and all(name.split(b"/"))}


def _is_format(head: FileHead) -> bool:
    # A DQMIO file with a directory DQMData is a DQMIO file.
    return any(name == b"DQMData" for name, _ in head.root_keys) and (b"Indices", b"TTree") not in head.root_keys


FORMAT = Format(
    number=1,
    file_name=r"DQM_V\d{4}_([^_]+_)?R(?P<run>\d{9})(__(?P<dataset>[^/]+__[^/]+__[^/]+))?\.root",
    suffix=".root",
    is_format=_is_format,
    scan=scan,
    payload=payload,
)
