"""A limit on the work for one open file: counted and not timed, so that it is the same on every machine.

A damaged file can refer to the same bytes many times, or contain a megabyte that unpacks to terabytes. Readers count their
work here; a count above its limit ends the reading.
"""

from __future__ import annotations

from app.formats.errors import FormatError

READ_FACTOR = 4
READ_BASE = 1 << 16
"""Bytes read from a file: at most `READ_FACTOR` times its size, plus this number."""
MAX_UNPACKED = 1 << 30
"""Bytes unpacked from a file, names, numbers and texts in total."""
MAX_ATTEMPTS = 100_000
"""Positions at which the next undamaged record is searched for after damage."""


class WorkBudget:
    """The work done on one open file.

    Attributes:
        file_size: Size of the file, bytes.
        bytes_read: Bytes read so far.
        bytes_unpacked: Bytes that decompression has yielded so far.
        attempts: Positions at which an undamaged record was searched for after damage.
        max_bytes_read: Limit of `bytes_read`.
    """

    __slots__ = ("_path", "attempts", "bytes_read", "bytes_unpacked", "file_size", "max_bytes_read")

    def __init__(self, path: str, size: int) -> None:
        self._path = path
        self.file_size = size
        self.bytes_read = 0
        self.bytes_unpacked = 0
        self.attempts = 0
        self.max_bytes_read = READ_FACTOR * size + READ_BASE

    def read(self, count: int) -> None:
        """Count bytes that are read next. Raises `FormatError` beyond `max_bytes_read`."""
        total = self.bytes_read + count
        if total > self.max_bytes_read:
            raise FormatError(f"reading takes more than {self.max_bytes_read} bytes", self._path, "records that do not share bytes")
        self.bytes_read = total

    def unpack(self, count: int) -> None:
        """Count bytes that are unpacked next. Raises `FormatError` beyond `MAX_UNPACKED`."""
        total = self.bytes_unpacked + count
        if total > MAX_UNPACKED:
            raise FormatError(f"it unpacks to more than {MAX_UNPACKED} bytes", self._path, "fewer names, numbers and texts")
        self.bytes_unpacked = total

    def attempt(self) -> bool:
        """Count one attempt to find an undamaged record; False after `MAX_ATTEMPTS`."""
        if self.attempts >= MAX_ATTEMPTS:
            return False
        self.attempts += 1
        return True
