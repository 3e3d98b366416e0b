"""The names of the MEs of a sample: one bytes object, sorted, with an offset for each name.

A list of 100,000 names takes about 10 MB and is shared by all samples with the same names. Folders are not stored: the names
below a folder are adjacent, so the search for its subfolders jumps from one to the next.
"""

from __future__ import annotations

from array import array
from bisect import bisect_left, bisect_right
from itertools import accumulate, count
from operator import add
from typing import TYPE_CHECKING, NamedTuple

from app.formats.finders import Finder, find_common

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

MAX_WORDS = 20
"""Words of `MENames.search`."""

_LINES = bytes.maketrans(b"\0\n", b"\n ")


class Subfolder(NamedTuple):
    """A folder in a folder.

    Attributes:
        name: Its name, without the path.
        first: Index of the first ME below it, at any depth.
        last: Index after the last ME below it.
    """

    name: bytes
    first: int
    last: int

    @property
    def me_count(self) -> int:
        """The number of MEs below this folder, at any depth."""
        return self.last - self.first


class Folder(NamedTuple):
    """The direct content of a folder.

    Attributes:
        subfolders: In byte order of their names.
        mes: Indices of the MEs.
    """

    subfolders: list[Subfolder]
    mes: list[int]


class MENames:
    """ME paths (`Subsystem/folder/name`, UTF-8), unique and in byte order.

    >>> names = MENames([b"A/B/x", b"A/B/y", b"A/z"])
    >>> names.find(b"A/B/y"), names[2]
    (1, b'A/z')
    """

    def __init__(self, names: Iterable[bytes]) -> None:
        """`names` must be sorted, unique, not empty and without NUL."""
        self._load(b"\0".join(names))

    def _load(self, joined: bytes) -> None:
        self._joined = joined
        self._lowered: bytes | None = None
        lengths = map(len, joined.split(b"\0")) if joined else ()
        self._starts: array[int] = array("I", map(add, accumulate(lengths, initial=0), count()))

    def __len__(self) -> int:
        return len(self._starts) - 1

    def __getitem__(self, index: int) -> bytes:
        if not 0 <= index < len(self):
            raise IndexError(index)
        return self._joined[self._starts[index] : self._starts[index + 1] - 1]

    def find(self, path: bytes, first: int = 0, last: int | None = None) -> int | None:
        """The index of the ME with exactly this path, or None. It is searched for among those from `first` to before `last`."""
        last = len(self) if last is None else last
        index = bisect_left(self, path, first, last)
        return index if index < last and self[index] == path else None

    def folder(self, path: bytes) -> Folder:
        """The content of the folder `path` (`b""`: the top folder); empty for a folder that does not exist."""
        prefix = path + b"/" if path else b""
        index, end = self.below(path)
        folder = Folder([], [])
        while index < end:
            name = self[index]
            slash = name.find(b"/", len(prefix))
            if slash < 0:
                folder.mes.append(index)
                index += 1
            else:
                last = self._skip(_after(name[: slash + 1]), index, end)
                folder.subfolders.append(Subfolder(name[len(prefix) : slash], index, last))
                index = last
        folder.subfolders.sort()
        return folder

    def below(self, path: bytes) -> tuple[int, int]:
        """The indices of the first ME below the folder `path` (`b""`: the top folder), at any depth, and after the last one."""
        if not path:
            return 0, len(self)
        first = bisect_left(self, path + b"/")
        return first, bisect_left(self, _after(path + b"/"), first)

    def _skip(self, path: bytes, first: int, end: int) -> int:
        """The first index after `first` whose name is not before `path`; steps double, because most folders are small."""
        step = 1
        while first + step < end and self[first + step] < path:
            first += step
            step *= 2
        return bisect_left(self, path, first, min(first + step, end))

    def search(self, words: Sequence[str], limit: int) -> list[int]:
        """The first `limit` MEs whose path contains every word, in any order; case-insensitive for ASCII.

        Words after the first MAX_WORDS different ones are not searched for, since each word takes a pass over all names.
        """
        return find_common([self.finder(word) for word in [*dict.fromkeys(words)][:MAX_WORDS]], len(self), limit)

    def finder(self, word: str) -> Finder:
        """Finds, from an index on, the first ME whose path contains a word (case-insensitive for ASCII); `len(self)` if none does."""
        if self._lowered is None:
            self._lowered = self._joined.lower()
        lowered, searched = self._lowered, word.encode("utf-8", "surrogatepass").lower()

        def find(index: int) -> int:
            position = lowered.find(searched, self._starts[index]) if b"\0" not in searched and index < len(self) else -1
            return self.at(position) if position >= 0 else len(self)

        return find

    def lines(self) -> bytes:
        """The names as lines, at the same positions as in `pack`; a line end in a name is a blank here."""
        return self._joined.translate(_LINES)

    def start(self, index: int) -> int:
        """The position of the first byte of a name in `pack` and `lines`; of `len(self)` the position after the end of the last one."""
        return self._starts[index]

    def at(self, position: int) -> int:
        """The index of the name at a position in `pack` and `lines`; the byte after a name belongs to it."""
        return bisect_right(self._starts, position) - 1

    def pack(self) -> bytes:
        """The names, joined by NUL; equal for samples with the same names."""
        return self._joined

    @classmethod
    def unpack(cls, data: bytes) -> MENames:
        """The names from the bytes of `pack`."""
        names = cls.__new__(cls)
        names._load(data)
        return names


def _after(prefix: bytes) -> bytes:
    """The smallest bytes after all paths that start with `prefix`, which ends with `/`; the byte after `/` is `0`."""
    return prefix[:-1] + b"0"
