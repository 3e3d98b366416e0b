"""Monitor elements (MEs): their types, and the results of quality tests on them, as CMS software numbers them."""

from __future__ import annotations

from enum import IntEnum
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable

EFFICIENCY_FLAG = 0x00200000
"""Bit of `Payload.flags` and of the flags in files: the ME is an efficiency."""

LUMI_FLAG = 0x00040000
"""Bit of the flags in files: the ME covers one lumisection."""

MAX_OBJECT = 1 << 26
"""Bytes of the largest histogram that is unpacked: it is in memory more than once, and the render service takes no larger one."""


class Kind(IntEnum):
    """The type of an ME: the byte that CMS software uses for it. Types up to 0x0f are scalars."""

    INT = 0x01
    FLOAT = 0x02
    STRING = 0x03
    TH1F = 0x10
    TH1S = 0x11
    TH1D = 0x12
    TH1I = 0x13
    TH2F = 0x20
    TH2S = 0x21
    TH2D = 0x22
    TH2I = 0x23
    TH3F = 0x30
    # CMS software books TH3F only; the other TH3 continue its row, for files from elsewhere.
    TH3S = 0x31
    TH3D = 0x32
    TH3I = 0x33
    TPROFILE = 0x40
    TPROFILE2D = 0x41
    TH2POLY = 0x60

    @property
    def scalar(self) -> bool:
        """Whether the value is a number or a text (in `Facts.scalars`) instead of a histogram."""
        return self <= 0x0F

    @property
    def class_name(self) -> str:
        """The ROOT class of a histogram (`TH1F`, `TProfile2D`, ...); of a scalar `int`, `float` or `string`."""
        return self.name.lower() if self.scalar else self.name.replace("TPROFILE", "TProfile").replace("POLY", "Poly")


ERROR, WARNING = 300, 200
"""Status codes of a quality test that alarm people."""


class QTest(NamedTuple):
    """The outcome of one quality test on one ME.

    Attributes:
        name: Name of the test.
        status: Status code of CMS software, see `SEVERITY`.
        result: The number as the file has it, often 0 to 1.
        algorithm: Class of the test.
        message: Explanation for people.
    """

    name: str
    status: int
    result: str
    algorithm: str
    message: str


# "ok" on a page must mean that every enabled test passed, so a test without a verdict outranks a passed one.
SEVERITY = (300, 200, 60, 30, 90, 70, 100, 50)
"""Status codes from the worst: error, warning; invalid, other, did not run, insufficient statistics; ok; disabled."""
_RANK = {status: rank for rank, status in enumerate(SEVERITY)}


def worst_status(statuses: Iterable[int]) -> int:
    """The worst status of the quality tests of an ME, 0 without any. A code unknown to CMS software counts as 30 (other)."""
    return min(statuses, key=lambda status: _RANK.get(status, _RANK[30]), default=0)
