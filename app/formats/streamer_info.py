"""The list of StreamerInfo of a ROOT file: the layouts of the classes of its objects, by version."""

from __future__ import annotations

import os
import struct

from app.formats.errors import FormatError
from app.formats.file_source import FileSource
from app.formats.root.compression import decompress
from app.formats.root.framing import frame, frame_size
from app.formats.root.keys import DAMAGE, parse_key

MAX_LIST = 1 << 24
"""Bytes of the list, packed and unpacked."""
NO_LIST = (b"", 0)
"""The list of a file that holds none, such as a protobuf snapshot: the render service takes the layouts that ROOT itself had."""
_HEAD = 100
_BIG_VERSION = 1_000_000
# after magic and version: begin, end, seek and nbytes of the free list, free segments, nbytes of the name, units, compression,
# seek and nbytes of the list
_POSITION = struct.Struct(">iiiiiiBiii")
_BIG_POSITION = struct.Struct(">iqqiiiBiqi")


def streamer_list(path: str | os.PathLike[str]) -> tuple[bytes, int]:
    """The list, framed for the render service, and its displacement (see `Payload`).

    Raises `OSError` when the file cannot be read, and `FormatError` when it has no such list.
    """
    where = f"the StreamerInfo of {os.fspath(path)}"
    with FileSource(path) as source:
        head = source.read(0, _HEAD)
        if len(head) < _HEAD or head[:4] != b"root":
            raise FormatError("has a different start", where, "a ROOT file, starting with b'root'")
        position = _BIG_POSITION if int.from_bytes(head[4:8], "big") >= _BIG_VERSION else _POSITION
        *_, seek, nbytes = position.unpack_from(head, 8)
        if seek <= 0 or not 0 < nbytes <= MAX_LIST:
            raise FormatError(f"{nbytes} bytes at byte {seek}", where, f"up to {MAX_LIST}")
        data = source.read(seek, nbytes)
    try:
        key, _ = parse_key(data, 0, seek + nbytes)
    except DAMAGE:
        raise FormatError("has no valid key", where, "the key of a list") from None
    if key.class_name != b"TList" or key.objlen > MAX_LIST:
        raise FormatError(f"{key.objlen} bytes of {key.class_name.decode(errors='replace')}", where, f"a TList of up to {MAX_LIST}")
    return frame(b"TList", decompress(data[key.keylen :], key.objlen, where)), key.keylen - frame_size(b"TList")
