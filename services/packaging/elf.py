"""Which C and C++ library the ELF files of a tree need: their versions of symbols, read from the section .gnu.version_r.

Usage: python -m services.packaging.elf FOLDER...; the exit code is 1 if a file needs more than el8 has.
Source: the tool interface standard, ELF 1.2, and the Linux Standard Base, "Symbol Versioning".
"""

from __future__ import annotations

import re
import struct
import sys
from collections.abc import Iterator
from pathlib import Path

OLDEST = {"GLIBC": (2, 28), "GLIBCXX": (3, 4, 25), "CXXABI": (1, 3, 11)}
"""What el8 has: glibc 2.28, and libstdc++ of GCC 8."""

NEEDED_VERSIONS = 0x6FFFFFFE
"""Type of the section .gnu.version_r."""

MAGIC = b"\x7fELF\x02\x01"
"""An ELF file of 64 bits, little-endian."""


def versions(content: bytes) -> Iterator[str]:
    """The versions that an ELF file needs of shared libraries, such as GLIBC_2.28."""
    (table,) = struct.unpack_from("<Q", content, 0x28)
    size, count = struct.unpack_from("<HH", content, 0x3A)
    sections = [struct.unpack_from("<IIQQQQII", content, table + number * size) for number in range(count)]
    for _, kind, _, _, offset, _, link, libraries in sections:
        if kind == NEEDED_VERSIONS:
            yield from _names(content, offset, libraries, sections[link][4])


def _names(content: bytes, library: int, libraries: int, strings: int) -> Iterator[str]:
    """The names in a section: a chain of libraries, each with a chain of versions."""
    for _ in range(libraries):
        _, count, _, first, following = struct.unpack_from("<HHIII", content, library)
        entry = library + first
        for _ in range(count):
            _, _, _, name, step = struct.unpack_from("<IHHII", content, entry)
            start = strings + name
            yield content[start : content.index(b"\0", start)].decode()
            entry += step
        library += following


def is_too_new(version: str) -> bool:
    """Whether el8 lacks this version of its C or C++ library."""
    family, _, number = version.partition("_")
    return family in OLDEST and bool(re.fullmatch(r"[\d.]+", number)) and tuple(map(int, number.split("."))) > OLDEST[family]


def too_new(folder: Path) -> dict[Path, list[str]]:
    """The ELF files below a folder that need newer versions than el8 has, with these versions."""
    found: dict[Path, list[str]] = {}
    for path in sorted(path for path in folder.rglob("*") if path.is_file() and not path.is_symlink()):
        with path.open("rb") as file:
            if file.read(len(MAGIC)) != MAGIC:
                continue
        if needed := sorted(version for version in set(versions(path.read_bytes())) if is_too_new(version)):
            found[path] = needed
    return found


def main(folders: list[str]) -> int:
    """Print what el8 cannot run; 1 if there is any."""
    found = {path: needed for folder in folders for path, needed in too_new(Path(folder)).items()}
    for path, needed in found.items():
        print(f"{path} needs {', '.join(needed)}")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
