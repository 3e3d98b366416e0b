"""Histograms as older versions of ROOT stream them, written by the members that the headers of those versions list.

Nothing here comes from the installed ROOT. The headers are TH1.h, TH2.h, TProfile.h, TProfile2D.h, TAxis.h and TAtt*.h of ROOT
5.34 (TH1 version 6) and of ROOT 6.08 (version 7).
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from typing import NamedTuple

ENTRIES, SUMS = 100.0, (45.0, 45.0, 285.0, 2025.0)
"""Of each histogram: entries, and the sums of w, w2, wx and wx2."""
SUMS_OF_Y = (90.0, 200.0)
LABELLED_BITS = 0x03000000


class Versions(NamedTuple):
    """Versions of the classes in one version of ROOT."""

    th1: int
    th1x: int
    th2: int
    profile: int
    profile_2d: int


ERAS = {
    "5.22": Versions(6, 1, 3, 5, 6),
    "5.34": Versions(6, 1, 4, 6, 7),
    "6.08": Versions(7, 2, 4, 6, 7),
}
TH2X = 3


def counted(version: int, *members: bytes) -> bytes:
    """A class: its size, its version and its members."""
    content = b"".join(members)
    return struct.pack(">IH", len(content) + 2 | 0x40000000, version) + content


def text(words: str) -> bytes:
    return bytes([len(words)]) + words.encode()


def reals(values: Sequence[float]) -> bytes:
    """A TArrayD."""
    return struct.pack(f">i{len(values)}d", len(values), *values)


def singles(values: Sequence[float]) -> bytes:
    """A TArrayF."""
    return struct.pack(f">i{len(values)}f", len(values), *values)


def bare_object(bits: int = LABELLED_BITS) -> bytes:
    """A TObject, which has no size."""
    return struct.pack(">HII", 1, 0, bits)


def named(name: str, title: str) -> bytes:
    return counted(1, bare_object(), text(name), text(title))


def axis(name: str, title: str, bins: int) -> bytes:
    attributes = counted(4, struct.pack(">i3h5f2h", 510, 1, 1, 42, 0.005, 0.035, 0.03, 1, 0.035, 1, 42))
    display = struct.pack(">iiH?", 0, 0, 0, False) + text("") + bytes(4)
    return counted(9, named(name, title), attributes, struct.pack(">i2d", bins, 0, bins), reals([]), display)


def th1(era: Versions, name: str, bins: tuple[int, int], squares: Sequence[float] = ()) -> bytes:
    cells = (bins[0] + 2) * (bins[1] + 2 if bins[1] else 1)
    attributes = (
        counted(1, struct.pack(">3h", 602, 1, 1)),
        counted(1, struct.pack(">2h", 0, 1001)),
        counted(2, struct.pack(">2hf", 1, 1, 1)),
    )
    axes = (axis("xaxis", "x of old", bins[0]), axis("yaxis", "y", bins[1] or 1), axis("zaxis", "", 1))
    sums = struct.pack(">2h8d", 0, 1000, ENTRIES, *SUMS, -1111, -1111, 0)
    functions = counted(5, bare_object(), text(""), struct.pack(">i", 0))
    newer = struct.pack(">i", 0) if era.th1 > 6 else b""
    rest = (reals([]), reals(squares), text(""), functions, struct.pack(">i?", 0, False), newer)
    return counted(era.th1, named(name, f"{name} of old"), *attributes, struct.pack(">i", cells), *axes, sums, *rest)


def th2(era: Versions, name: str, bins: tuple[int, int], squares: Sequence[float] = ()) -> bytes:
    return counted(era.th2, th1(era, name, bins, squares), struct.pack(">4d", 1, *SUMS_OF_Y, 7))


def of_profile(version: int, first_with_squares: int, entries: Sequence[float]) -> tuple[bytes, ...]:
    squares = reals([]) if version >= first_with_squares else b""
    return reals(entries), struct.pack(">i4d", 0, 0, 0, *SUMS_OF_Y), squares


def streamed(
    era: Versions, kind: str, name: str, contents: Sequence[float], bins: tuple[int, int], entries: Sequence[float] | None = None
) -> bytes:
    """A framed histogram of a class, with these contents of its cells; a profile has these `entries` of its cells, or one in each."""
    ones = [1.0] * len(contents)
    in_cells = ones if entries is None else entries
    content = {
        "TH1F": lambda: counted(era.th1x, th1(era, name, bins), singles(contents)),
        "TH1D": lambda: counted(era.th1x, th1(era, name, bins), reals(contents)),
        "TH2F": lambda: counted(TH2X, th2(era, name, bins), singles(contents)),
        "TProfile": lambda: counted(
            era.profile, counted(era.th1x, th1(era, name, bins, ones), reals(contents)), *of_profile(era.profile, 6, in_cells)
        ),
        "TProfile2D": lambda: counted(
            era.profile_2d, counted(TH2X, th2(era, name, bins, ones), reals(contents)), *of_profile(era.profile_2d, 7, in_cells)
        ),
    }[kind]()
    head = struct.pack(">I", 0xFFFFFFFF) + kind.encode() + b"\0"
    return struct.pack(">I", len(head) + len(content) | 0x40000000) + head + content
