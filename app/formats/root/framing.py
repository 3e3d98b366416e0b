"""Framed ROOT objects, as the render service reads them: a streamed object preceded by its size and class."""

from __future__ import annotations

import struct

BYTE_COUNT = 0x40000000
"""Bit that marks a number as a size in bytes."""
NEW_CLASS = 0xFFFFFFFF
"""Tag of an object whose class name follows."""
_FRAME = struct.Struct(">II")


def frame(class_name: bytes, content: bytes) -> bytes:
    """A streamed object preceded by its size and class, the input of ROOT's `TBufferFile::ReadObjectAny`."""
    count = 4 + len(class_name) + 1 + len(content)
    return b"".join((_FRAME.pack(count | BYTE_COUNT, NEW_CLASS), class_name, b"\0", content))


def frame_size(class_name: bytes) -> int:
    """The number of bytes that `frame` puts before the object."""
    return _FRAME.size + len(class_name) + 1


def is_framed(data: bytes, class_name: bytes) -> bool:
    """Whether the data are one framed object of the class."""
    head = _FRAME.pack((len(data) - 4) & 0xFFFFFFFF | BYTE_COUNT, NEW_CLASS)
    return data.startswith(head + class_name + b"\0")
