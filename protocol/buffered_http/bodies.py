"""Bodies of requests as they arrive: with a length (RFC 9112, 6.2) or in chunks (7.1)."""

from __future__ import annotations

import re
from collections.abc import Callable
from io import BytesIO

from .budget import Budget

MAX_BODY_BYTES = 64 * 2**20
"""Largest body of a request to the hub."""

FREE_BYTES = 16 * 1024
"""The first bytes of each body do not count for the budget: so there is always room for forms such as the sign-in."""

MAX_LINE_BYTES = 4096
"""Longest line with the length of a chunk, and longest trailer."""

MAX_TRAILERS = 64

_TOKEN = rb"[!#$%&'*+\-.^_`|~0-9A-Za-z]+"
_QUOTED = rb'"(?:[\t !#-\[\]-~\x80-\xff]|\\[\t -~\x80-\xff])*"'
CHUNK_LINE = re.compile(
    rb"([0-9A-Fa-f]{1,15})(?:[ \t]*;[ \t]*" + _TOKEN + rb"(?:[ \t]*=[ \t]*(?:" + _TOKEN + rb"|" + _QUOTED + rb"))?)*[ \t]*"
)
TRAILER = re.compile(_TOKEN + rb":[\t -~\x80-\xff]*")


class BodyError(Exception):
    """A body that cannot be read.

    Attributes:
        status: of the response.
    """

    def __init__(self, message: str, status: int = 400) -> None:
        super().__init__(message)
        self.status = status


class Body:
    """The body of one request.

    Attributes:
        length: bytes of its content; None in chunks, and before they are all here.
        arrived: bytes of its content that are here.
        is_whole: whether all of it is here.
    """

    def __init__(self, length: int | None, budget: Budget) -> None:
        self.length = length
        self.arrived = 0
        self.is_whole = length == 0
        self._budget = budget
        self._content = BytesIO()
        self._step: Callable[[bytearray], bool] = self._read_chunk_line if length is None else self._read_content
        self._missing = length or 0  # of the content, or of the current chunk
        self._trailers = 0

    def feed(self, received: bytearray) -> None:
        """Take from `received` what belongs to this body. Raises BodyError."""
        while not self.is_whole and received and self._step(received):
            pass

    @property
    def held(self) -> int:
        """Bytes that count for the budget."""
        return max(0, self.arrived - FREE_BYTES)

    def open(self) -> BytesIO:
        """The content so far, to be read from its beginning."""
        self._content.seek(0)
        return self._content

    def start(self, count: int) -> bytes:
        """The first `count` bytes of the content, or what is here of them."""
        with self._content.getbuffer() as content:
            return bytes(content[:count])

    def close(self) -> None:
        """Drop the content."""
        self._budget.add(-self.held)
        self._content.close()
        self.arrived = 0

    def _read_content(self, received: bytearray) -> bool:
        self._store(received, self._missing)
        self.is_whole = self._missing == 0
        return False

    def _store(self, received: bytearray, most: int) -> None:
        piece = bytes(received[:most])
        before = self.held
        self.arrived += len(piece)
        self._missing -= len(piece)
        self._content.write(piece)
        self._budget.add(self.held - before)
        del received[: len(piece)]

    def _read_chunk_line(self, received: bytearray) -> bool:
        line = _take_line(received)
        if line is None:
            return False
        match = CHUNK_LINE.fullmatch(line)
        if match is None:
            raise BodyError(f"invalid chunk size {line[:40]!r}")
        self._missing = int(match[1], 16)
        self._step = self._read_chunk if self._missing else self._read_trailer
        return True

    def _read_chunk(self, received: bytearray) -> bool:
        self._store(received, self._missing)
        if not self._missing:
            self._step = self._read_chunk_end
        return True

    def _read_chunk_end(self, received: bytearray) -> bool:
        if received[:2] != b"\r\n":
            if received == b"\r":
                return False
            raise BodyError(f"a chunk is longer than its size, {bytes(received[:10])!r} follows it")
        del received[:2]
        self._step = self._read_chunk_line
        return True

    def _read_trailer(self, received: bytearray) -> bool:
        line = _take_line(received)
        if line is None:
            return False
        self._trailers += 1
        if line and (self._trailers > MAX_TRAILERS or not TRAILER.fullmatch(line)):
            raise BodyError(f"invalid trailer {line[:40]!r}")
        self.is_whole = not line
        self.length = self.arrived
        return True


def _take_line(received: bytearray) -> bytes | None:
    """Take a line from the beginning of `received`; None if it is not whole. Raises BodyError."""
    end = received.find(b"\n", 0, MAX_LINE_BYTES)
    if end < 0:
        if len(received) >= MAX_LINE_BYTES:
            raise BodyError("a line of the chunked body is too long")
        return None
    line = bytes(received[:end])
    if not line.endswith(b"\r"):
        raise BodyError("a line of the chunked body does not end with CR LF")
    del received[: end + 1]
    return line[:-1]
