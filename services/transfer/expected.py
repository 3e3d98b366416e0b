"""Expected size and md5 of a file, from the report or origin that the client writes beside it."""

from __future__ import annotations

import json
import re
from typing import NamedTuple

_ORIGIN = re.compile(r"md5:([0-9a-f]{32}) (\d{1,18}) .*\n?", re.ASCII | re.DOTALL)


class Expected(NamedTuple):
    """Expected size and md5 of a file.

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
