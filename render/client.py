"""Client of the render service: sends requests to its UNIX socket and returns the plots.

Each request uses its own connection. Connecting costs about twenty microseconds and balances the load: an idle worker
accepts the connection, whereas requests on a persistent connection wait for the worker that holds it. Besides, no stale
connection remains when a worker is replaced.
"""

from __future__ import annotations

import socket
import struct
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import chain
from pathlib import Path

from render.errors import (
    NO_RESPONSE,
    OptionError,
    RenderCrashed,
    RenderDisconnected,
    RenderError,
    RenderExhausted,
    RenderLost,
    RenderOverrun,
    RenderRefused,
    RenderTimeout,
    RenderUnavailable,
    RequestError,
)
from render.options import Options

HISTOGRAM = 0x10
"""Type byte of `Request.flags` for all objects that are not scalars."""

SCALAR_TYPES = 0x0F
"""Largest type byte of a scalar."""

EFFICIENCY = 0x00200000
"""Bit of `Request.flags` for efficiency plots, whose references are not scaled."""

MAX_OBJECTS = 10
"""Maximum number of objects in one request."""

MAX_NAME_BYTES = 4096
"""Maximum length of a monitor element's path in UTF-8."""

MAX_MESSAGE_BYTES = 64 << 20
"""Maximum length of one request."""

NO_STREAMER = 1
"""Response code if an object cannot be read without the StreamerInfo of its file."""

TOO_MANY_BINS = 11
"""Response code if an object has more bins than the service draws, in this format or in any."""

UNDESCRIBED = 13
"""Response code if no file describes the class version of an object."""

NOT_SUBTRACTED = 14
"""Response code if an earlier snapshot of an object cannot be subtracted from it."""

StreamerLists = Sequence[tuple[bytes, int]]
"""Lists of StreamerInfo of ROOT files: the bytes of each list, framed like an object, and its displacement."""

_HEADER = struct.Struct("=iiIIIiIIIII")
_OBJECT = struct.Struct("=Ii")
_STREAMER_LIST = struct.Struct("=Bi")
_RESPONSE = struct.Struct("=iI")
_MESSAGE_TYPE = 4
_WITH_EARLIER = 5  # message type in which each object is followed by an earlier snapshot of it
_FAILED = 3  # from this code on the payload is an error text instead of a plot
_TOO_WIDE = 8  # from this code on the request exceeds a limit; the codes before it report a lost worker
_PING_SPEC = "w=8;h=8"


@dataclass(frozen=True)
class Request:
    """One plot to draw."""

    name: str
    """Path of the monitor element, at most MAX_NAME_BYTES in UTF-8."""

    spec: str
    """Specification as returned by `Options.spec()`."""

    objects: Sequence[tuple[bytes, int]] = ()
    """The main object and up to nine references, each as (bytes written by TBufferFile::WriteObject, displacement of the
    offsets in them). Empty bytes mean a missing object."""

    flags: int = HISTOGRAM
    """ME type in the low byte, and property bits such as EFFICIENCY."""

    text: bytes = b""
    """Value of a scalar in UTF-8; scalars have a type byte up to SCALAR_TYPES and no objects."""

    version: int = 0
    """Version of the monitor element, passed to plugins."""

    streamers: StreamerLists = ()
    """StreamerInfo of the files of the objects, for objects of older class versions."""

    streamer_file: str = ""
    """Path of a ROOT file with the StreamerInfo, below a folder that the service allows."""

    earlier: Sequence[tuple[bytes, int]] = ()
    """Snapshots that are subtracted from the objects, one for each object or none at all; from an object with empty bytes as its
    snapshot nothing is subtracted."""

    after: int | None = None
    """Lumisection of the snapshots, which is written in a corner of pictures; None for no such text."""

    request_id: str = ""
    """Names the request in the log of the service: at most 64 letters, digits, - and _; "" for no name."""

    def message(self) -> bytes:
        """The request as sent to the service. Raises RequestError if it exceeds a limit of the protocol."""
        scalar = self.flags & 0xFF <= SCALAR_TYPES
        count = 1 if scalar else len(self.objects)
        if not 1 <= count <= MAX_OBJECTS:
            raise RequestError(f"A plot has 1 to {MAX_OBJECTS} objects, not {count}")
        data = self.text if scalar else b"".join(_OBJECT.pack(len(raw), shift) + raw for raw, shift in self._objects_and_earlier())
        parts = [self._streamer_part(), self._name_part(), self._spec_part(), data, b""]
        total = _HEADER.size + sum(map(len, parts))
        if total > MAX_MESSAGE_BYTES:
            raise RequestError(f"The request has {total} bytes, more than the limit of {MAX_MESSAGE_BYTES}")
        low, high = self.version & 0xFFFFFFFF, self.version >> 32
        kind = _WITH_EARLIER if self.earlier else _MESSAGE_TYPE
        header = _HEADER.pack(total, kind, self.flags, low, high, count, *map(len, parts))
        return header + b"".join(parts)

    def _objects_and_earlier(self) -> Iterable[tuple[bytes, int]]:
        """The objects, each followed by its snapshot if there are any."""
        return chain.from_iterable(zip(self.objects, self.earlier, strict=True)) if self.earlier else self.objects

    def _streamer_part(self) -> bytes:
        lists = (_STREAMER_LIST.pack(0, displacement) + content for content, displacement in self.streamers)
        return b"".join(lists) or self.streamer_file.encode()

    def _spec_part(self) -> bytes:
        after = "" if self.after is None else f";after={self.after}"
        request = f";request={self.request_id}" if self.request_id else ""
        return f"{self.spec}{after}{request}".encode()

    def _name_part(self) -> bytes:
        name = self.name.encode()
        if len(name) > MAX_NAME_BYTES or "\0" in self.name:
            raise RequestError(f"A name must have at most {MAX_NAME_BYTES} bytes and no NUL: {self.name[:80]!r}")
        return name


@dataclass(frozen=True)
class RenderResponse:
    """A response with a plot."""

    code: int
    """0, or nonzero if ROOT reported a problem (NO_STREAMER: StreamerInfo is missing); the plot may then be incomplete."""

    image: bytes
    """The plot in the format of the specification, PNG by default."""


class RenderClient:
    """Client of the service at `socket_path`. Threads may share one client.

    Attributes:
        timeout: longest time without progress, in seconds: until the service takes the next bytes of a request, begins to respond,
            or sends the next bytes of its response.
    """

    def __init__(self, socket_path: Path, timeout: float = 30.0) -> None:
        self.socket_path = socket_path
        self.timeout = timeout

    def render(self, request: Request, describe: Callable[[], StreamerLists] | None = None) -> RenderResponse:
        """Draw a plot. Raises RenderError.

        Args:
            request: The plot.
            describe: Returns the StreamerInfo of the files of the objects, if the service cannot read one without it.
        """
        response = self._respond(request)
        if response.code == NO_STREAMER and describe and (streamers := describe()):
            response = self._respond(replace(request, streamers=streamers))
        if response.code and not response.image:
            raise RenderRefused(response.code, _reason_without_plot(request))
        return response

    def _respond(self, request: Request) -> RenderResponse:
        """The response to one request. Raises RenderError for one without a plot."""
        message = request.message()
        try:
            with self._connect() as connection:
                code, image = _exchange(connection, message)
        except TimeoutError:
            raise RenderTimeout(f"The render service did not return {request.name!r} within {self.timeout:g} s") from None
        except (ConnectionResetError, BrokenPipeError, EOFError):
            raise RenderDisconnected(request.name, NO_RESPONSE) from None
        if code >= _FAILED:
            raise _failure(code, image.decode(errors="replace"), request.name)
        return RenderResponse(code, image)

    def ping(self) -> float:
        """Draw a minimal plot and return the time it took in seconds. Raises RenderError."""
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
            reason = error.strerror or error
            raise RenderUnavailable(f"No render service at {self.socket_path} ({reason}); start it with `dqmhub render`") from None
        return connection


_LOST = {_FAILED: RenderLost, 4: RenderCrashed, 5: RenderOverrun, 6: RenderOverrun, 7: RenderExhausted}


def _failure(code: int, text: str, name: str) -> RenderError:
    """The error in a response; `text` is the reason, and on a second line the running plugin or the place of the object."""
    reason, _, second = text.partition("\n")
    if code < _TOO_WIDE:
        return _LOST[code](name, reason, second)
    if code == UNDESCRIBED:
        return RenderRefused(code, f"{name!r} cannot be read: {reason}")
    if code == NOT_SUBTRACTED:
        return RenderRefused(code, reason, int(second))
    return RenderRefused(code, f"{name!r} exceeds a limit of the render service: {reason}")


def _reason_without_plot(request: Request) -> str:
    """Why the response to a request is empty. The service gives the same code for a damaged object and an invalid specification."""
    try:
        Options.from_spec(request.spec)
    except OptionError as error:
        return f"The specification {request.spec!r} of {request.name!r} is invalid: {error}"
    if not {"w", "h"} <= {pair.partition("=")[0] for pair in request.spec.split(";")}:
        return f"The specification {request.spec!r} of {request.name!r} is invalid: it lacks a width or a height"
    return f"{request.name!r} is damaged in its file"


def _exchange(connection: socket.socket, message: bytes) -> tuple[int, bytes]:
    """Send a request and receive the response: its code and payload. Raises as `_receive`."""
    unsent = memoryview(message)
    while unsent:  # unlike sendall, the timeout of the connection applies to each part
        unsent = unsent[connection.send(unsent) :]
    code, length = _RESPONSE.unpack(_receive(connection, _RESPONSE.size))
    return code, _receive(connection, length)


def _receive(connection: socket.socket, length: int) -> bytes:
    """Receive exactly `length` bytes. Raises EOFError if the connection closes first, TimeoutError if nothing arrives in time."""
    received = bytearray()
    while len(received) < length:
        part = connection.recv(min(length - len(received), 1 << 20))
        if not part:
            raise EOFError
        received += part
    return bytes(received)
