"""Checked access to JSON values from P5, whose types cannot be trusted; and JSON as it is stored."""

from __future__ import annotations

import json
import math
import re
from typing import Any

import zstandard

MAX_CHARS, MAX_UTF8_BYTES = 500, 1000
"""Longest text of a column. Two texts of this many bytes in one index are about the most that PostgreSQL accepts."""

LAST_TIME = 1e11
"""Larger numbers are no Unix times."""

MAX_JSON_BYTES = 64 << 20

COMPRESSION_LEVEL = 3

_UNSTORABLE = re.compile("[\0\ud800-\udfff]")


def integer(value: Any) -> int | None:
    """A whole number of 63 bits, also from a text; otherwise None."""
    try:
        number = int(value) if isinstance(value, int | str) and len(str(value)) < 20 else None
    except ValueError:
        return None
    return number if number is not None and -(2**63) <= number < 2**63 else None


def number(value: Any) -> float | None:
    """A finite number, also from a text; otherwise None."""
    try:
        found = float(value) if isinstance(value, int | float | str) else math.nan
    except (ValueError, OverflowError):
        return None
    return found if math.isfinite(found) else None


def moment(value: Any) -> float | None:
    """A Unix time in s within the calendar, also from a text; otherwise None."""
    found = number(value)
    return found if found is not None and abs(found) < LAST_TIME else None


def text(value: Any) -> str:
    """A text that every database can store and index, cut at MAX_CHARS; "" for any other value."""
    if not isinstance(value, str):
        return ""
    cut = _UNSTORABLE.sub("\ufffd", value[:MAX_CHARS])
    return cut if cut.isascii() else cut.encode()[:MAX_UTF8_BYTES].decode(errors="ignore")


def is_package(value: str) -> bool:
    """Whether a text is names of packages, as `rpm -qf` prints them; what ssh prints in their place is not."""
    return bool(value) and all(re.fullmatch(r"[\w.+]+(-[\w.+~^]+){2,}", line) for line in value.splitlines())


def mapping(value: Any) -> dict[str, Any]:
    """An object; {} for any other value."""
    return value if isinstance(value, dict) else {}


def sequence(value: Any) -> list[Any]:
    """An array; [] for any other value."""
    return value if isinstance(value, list) else []


def json_bytes(value: Any) -> bytes:
    """A value as JSON. Raises ValueError if it is larger than MAX_JSON_BYTES."""
    try:
        found = json.dumps(value, separators=(",", ":"), allow_nan=False).encode()
    except ValueError:  # 1e999 is valid JSON, but infinite in Python
        found = json.dumps(_finite(value), separators=(",", ":")).encode()
    if len(found) > MAX_JSON_BYTES:
        raise ValueError(f"it is larger than {MAX_JSON_BYTES >> 20} MB")
    return found


def _finite(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _finite(item) for name, item in value.items()}
    if isinstance(value, list):
        return [_finite(item) for item in value]
    return str(value) if isinstance(value, float) and not math.isfinite(value) else value


def compress(data: bytes) -> bytes:
    """Bytes as they are stored."""
    return zstandard.compress(data, COMPRESSION_LEVEL)


def pack_json(value: Any) -> bytes:
    """A value as compressed JSON."""
    return compress(json_bytes(value))


def unpack_json(blob: bytes) -> Any:
    """The value of compressed JSON."""
    with zstandard.ZstdDecompressor().stream_reader(bytes(blob)) as reader:
        return json.loads(reader.read(MAX_JSON_BYTES))
