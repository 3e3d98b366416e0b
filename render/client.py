"""Client of the render service: one request, one picture, over its UNIX socket.

Each request has a connection of its own. Connecting costs some twenty microseconds, and it is what spreads the
work: only a worker with nothing to do accepts, whereas on a kept connection a request waits for the one worker that
holds it. It also means that a replaced worker leaves no stale connection behind.
"""

from __future__ import annotations

import socket
import struct
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

HISTOGRAM = 0x10
"""The type byte of `Request.flags` for everything that is not a scalar."""

SCALAR_TYPES = 0x0F
"""Type bytes up to this one are scalars."""

EFFICIENCY = 0x00200000
"""Bit of `Request.flags`: an efficiency plot, over which references are drawn as they are."""

MOST_OBJECTS = 10
LONGEST_NAME = 4096
LARGEST_MESSAGE = 64 << 20

_HEADER = struct.Struct("=iiIIIiIIIII")
_OBJECT = struct.Struct("=Ii")
_LIST = struct.Struct("=Bi")
_ANSWER = struct.Struct("=iI")
_MESSAGE_TYPE = 4
NO_STREAMER = 1
"""Code of an answer when an object is of a version of its class that the service does not know."""

_FAILED = 3
"""From this code on an answer has words in place of a picture."""
_TOO_WIDE = 8
"""From this code on more was asked for than is drawn; before, the worker was lost."""
_PING_SPEC = "w=8;h=8"


class RenderError(Exception):
    """The render service gave no picture."""


class RenderUnavailable(RenderError):
    """Nothing listens at the socket."""


class RenderTimeout(RenderError):
    """No answer came in time."""


class RenderLost(RenderError):
    """The worker was lost while it drew. `reason` says how, `plugin` is the render plugin that was at work, if any was.

    Raised as such when ROOT or a plugin went astray in a way that the worker could tell.
    """

    def __init__(self, name: str, reason: str, plugin: str = "") -> None:
        where = f", in the plugin {plugin}" if plugin else ""
        super().__init__(f"the render worker was lost while it drew {name!r}: it {reason}{where}")
        self.reason = reason
        self.plugin = plugin


class RenderCrashed(RenderLost):
    """The monitor element, or a plugin, brings ROOT down."""


class RenderOverrun(RenderLost):
    """The plot took too much time, by the clock or of the CPU."""


class RenderExhausted(RenderLost):
    """The plot took too much memory."""


class RenderGone(RenderLost):
    """The connection ended without a word: the worker was killed from outside, or was lost to a plot of another client."""


class RenderRefused(RenderError):
    """The service did not understand the request; `code` is its answer."""

    def __init__(self, code: int, message: str) -> None:
        super().__init__(message)
        self.code = code


@dataclass(frozen=True)
class Request:
    """One picture to draw.

    `objects` are (bytes of TBufferFile::WriteObject, displacement of the offsets in them), the plot first and then
    up to nine that are drawn over it; empty bytes stand for one that is missing. A scalar has `text` (UTF-8) and a
    type byte up to SCALAR_TYPES in `flags` instead. `name` is the monitor element's path, `spec` what
    `Options.spec()` gives. Objects of older versions of their classes need what describes these: `streamers` is a list of
    StreamerInfo, framed like an object, and its displacement; `streamer_file` a ROOT file that has one, below a root of the service.
    """

    name: str
    spec: str
    objects: Sequence[tuple[bytes, int]] = ()
    flags: int = HISTOGRAM
    text: bytes = b""
    version: int = 0
    streamers: tuple[bytes, int] = (b"", 0)
    streamer_file: str = ""

    def message(self) -> bytes:
        """The request on the wire. Raises ValueError for what the protocol cannot carry."""
        scalar = self.flags & 0xFF <= SCALAR_TYPES
        count = 1 if scalar else len(self.objects)
        if not 1 <= count <= MOST_OBJECTS:
            raise ValueError(f"a picture has 1 to {MOST_OBJECTS} objects, not {count}")
        data = self.text if scalar else b"".join(_OBJECT.pack(len(raw), shift) + raw for raw, shift in self.objects)
        name = self.name.encode()
        if len(name) > LONGEST_NAME or "\0" in self.name:
            raise ValueError(f"a name has at most {LONGEST_NAME} bytes and no NUL: {self.name[:80]!r}")
        listed, shift = self.streamers
        parts = [_LIST.pack(0, shift) + listed if listed else self.streamer_file.encode(), name, self.spec.encode(), data, b""]
        total = _HEADER.size + sum(map(len, parts))
        if total > LARGEST_MESSAGE:
            raise ValueError(f"{total} bytes are more than a request can carry ({LARGEST_MESSAGE})")
        low, high = self.version & 0xFFFFFFFF, self.version >> 32
        header = _HEADER.pack(total, _MESSAGE_TYPE, self.flags, low, high, count, *map(len, parts))
        return header + b"".join(parts)


@dataclass(frozen=True)
class Rendered:
    """An answer: `image` is a PNG, or JSON when the spec asked for it.

    `code` is 0, or not 0 when ROOT complained on the way (1: a StreamerInfo was missing); the picture is there and
    may be less than was wanted.
    """

    code: int
    image: bytes


class RenderClient:
    """Asks the service at `socket_path`; `timeout` in seconds is for a whole answer. Threads may share one."""

    def __init__(self, socket_path: Path, timeout: float = 30.0) -> None:
        self.socket_path = socket_path
        self.timeout = timeout

    def render(self, request: Request) -> Rendered:
        """The picture of `request`. Raises RenderError, and ValueError for what the protocol cannot carry."""
        message = request.message()
        deadline = time.monotonic() + self.timeout
        try:
            with self._connect() as connection:
                code, image = _exchange(connection, message, deadline)
        except TimeoutError:
            raise RenderTimeout(f"no picture of {request.name!r} within {self.timeout:g} s") from None
        except (ConnectionResetError, BrokenPipeError, EOFError):
            raise RenderGone(request.name, "ended without a word") from None
        if code >= _FAILED:
            raise _failure(code, image.decode(errors="replace"), request.name)
        if code and not image:
            raise RenderRefused(
                code, f"the render service did not understand {request.spec!r}, or the object is damaged in its file (code {code})"
            )
        return Rendered(code, image)

    def ping(self) -> float:
        """Seconds for the smallest picture there is. Raises RenderError."""
        begin = time.monotonic()
        self.render(Request(name="ping", spec=_PING_SPEC, flags=0, text=b"."))
        return time.monotonic() - begin

    def _connect(self) -> socket.socket:
        connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        connection.settimeout(self.timeout)
        try:
            connection.connect(str(self.socket_path))
        except TimeoutError:
            connection.close()
            raise
        except OSError as error:
            connection.close()
            raise RenderUnavailable(
                f"no render service at {self.socket_path} ({error.strerror or error}); start it with `dqmhub render`"
            ) from None
        return connection


_LOST = {_FAILED: RenderLost, 4: RenderCrashed, 5: RenderOverrun, 6: RenderOverrun, 7: RenderExhausted}


def _failure(code: int, words: str, name: str) -> RenderError:
    """What an answer without a picture says: why, and on a second line the plugin."""
    reason, _, plugin = words.partition("\n")
    if code < _TOO_WIDE:
        return _LOST[code](name, reason, plugin)
    return RenderRefused(code, f"{name!r} is more than the render service draws: {reason}")


def _exchange(connection: socket.socket, message: bytes, deadline: float) -> tuple[int, bytes]:
    connection.sendall(message)
    code, length = _ANSWER.unpack(_receive(connection, _ANSWER.size, deadline))
    return code, _receive(connection, length, deadline)


def _receive(connection: socket.socket, length: int, deadline: float) -> bytes:
    """Exactly `length` bytes. Raises EOFError when the other end closes first, TimeoutError at the deadline."""
    received = bytearray()
    while len(received) < length:
        left = deadline - time.monotonic()
        if left <= 0:
            raise TimeoutError
        connection.settimeout(left)
        part = connection.recv(min(length - len(received), 1 << 20))
        if not part:
            raise EOFError
        received += part
    return bytes(received)
