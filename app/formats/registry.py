"""The file formats that can be read: the description of a format, and the registry of all formats.

A format is one module in `app.formats.readers` with a constant `FORMAT`; its name is that of the module.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cache
from importlib import import_module
from types import ModuleType
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from app.formats.errors import FormatError
    from app.formats.file_head import FileHead
    from app.formats.file_source import FileSource
    from app.formats.listing import MERow, Payload, Scan


_READERS = "app.formats.readers"


class Format(NamedTuple):
    """Description of one file format.

    Attributes:
        number: Number of the format in the API (`fileformat`), from 1. It never changes, and is never used for another format.
        file_name: Regular expression (ASCII) of the usual base names of such files, with the group `run` (digits) and, if names
            have it, the group `dataset` (`PRIMARY__PROCESSED__TIER`).
        suffix: Extension of such files (`.root`), by which they are found in folders.
        is_format: Whether a file has this format, judged by its first bytes; at most one format may accept a file.
        scan: List the MEs of an open file. Raises `FormatError` and `OSError`.
        payload: Fetch the histogram at one row of a listing. Raises `ValueError` for a scalar, `FormatError` and `OSError`.
        payloads: Fetch several histograms, of rows in the order of their bytes; None where one after the other is as fast.
        contents: The bytes of several histograms, of rows in the order of their bytes, from which `payload_of` makes the histogram
            without the file; None where snapshots of ongoing runs are not kept.
        payload_of: The histogram at a row of a listing, from its bytes by `contents`. Raises as `payload`, which reads them.
        online: The online system writes such files during a run: a file without a dataset in its name belongs to the online dataset.
        has_lumisections: A file contains lumisections that only its content names, so it is read on registration.
    """

    number: int
    file_name: str
    suffix: str
    is_format: Callable[[FileHead], bool]
    scan: Callable[[FileSource], Scan]
    payload: Callable[[FileSource, MERow], Payload]
    payloads: Callable[[FileSource, Sequence[MERow]], Iterator[Payload | FormatError]] | None = None
    contents: Callable[[FileSource, Sequence[MERow]], Iterator[bytes | FormatError]] | None = None
    payload_of: Callable[[bytes, MERow, str], Payload] | None = None
    online: bool = False
    has_lumisections: bool = False


class FormatRegistry(Mapping[str, Format]):
    """The formats by name. A module is imported on the first access to its format: each may need its own libraries."""

    def __getitem__(self, name: str) -> Format:
        module = f"{_READERS}.{name}"
        try:
            # A module that another thread is importing is already in `sys.modules`, without its FORMAT; `import_module` waits.
            found = getattr(sys.modules.get(module), "FORMAT", None) or _format_of(module) if name.isidentifier() else None
        except ModuleNotFoundError as error:
            if error.name != module:
                raise
            found = None
        if not isinstance(found, Format):
            raise KeyError(name)
        return found

    def __iter__(self) -> Iterator[str]:
        return iter(_reader_modules())

    def __len__(self) -> int:
        return len(_reader_modules())

    def suffixes(self) -> tuple[str, ...]:
        """The extensions of the files of all formats."""
        return tuple({format.suffix for format in self.values()})

    def by_number(self) -> dict[int, str]:
        """The names of the formats by their number in the API, in order. Raises `ValueError` when two formats share a number."""
        return _by_number(tuple(self))


def _format_of(module: str) -> object:
    return getattr(import_module(module), "FORMAT", None)


@cache
def _readers() -> ModuleType:
    return import_module(_READERS)


def _reader_modules() -> list[str]:
    return _module_names(tuple(_readers().__path__))


@cache
def _module_names(folders: tuple[str, ...]) -> list[str]:
    from pkgutil import iter_modules  # importing it takes longer than reading a small file

    return sorted(module.name for module in iter_modules(folders))


@cache
def _by_number(names: tuple[str, ...]) -> dict[int, str]:
    numbered = sorted((FORMATS[name].number, name) for name in names)
    found = dict(numbered)
    if len(found) < len(numbered):
        raise ValueError(f"Two file formats have the same number: {numbered}")
    return found


FORMATS = FormatRegistry()
