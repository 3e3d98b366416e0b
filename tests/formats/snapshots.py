"""Protobuf snapshots, written and read by the protobuf library."""

from __future__ import annotations

import zlib
from collections.abc import Iterable
from typing import Any, NamedTuple

from google.protobuf import descriptor_pb2, descriptor_pool, message_factory

EFFICIENCY = 0x00200000
LUMI = 0x00040000


class Object(NamedTuple):
    """One entry.

    Attributes:
        path: Path of the ME.
        content: The object, as written by `TBufferFile::WriteObject`.
        flags: Kind and flags.
    """

    path: str
    content: bytes
    flags: int


def _message_class() -> Any:
    # Built from a description, because generated code depends on the version of the library.
    file = descriptor_pb2.FileDescriptorProto(name="snapshot.proto", package="snapshot", syntax="proto2")
    field = descriptor_pb2.FieldDescriptorProto
    histo = file.message_type.add(name="Histo")
    histo.field.add(name="full_pathname", number=1, type=field.TYPE_STRING, label=field.LABEL_REQUIRED)
    histo.field.add(name="size", number=2, type=field.TYPE_UINT32, label=field.LABEL_OPTIONAL)
    histo.field.add(name="streamed_histo", number=3, type=field.TYPE_BYTES, label=field.LABEL_OPTIONAL)
    histo.field.add(name="flags", number=4, type=field.TYPE_UINT32, label=field.LABEL_OPTIONAL)
    snapshot = file.message_type.add(name="ROOTFilePB")
    snapshot.field.add(name="histo", number=1, type=field.TYPE_MESSAGE, type_name=".snapshot.Histo", label=field.LABEL_REPEATED)
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file)
    return message_factory.GetMessageClass(pool.FindMessageTypeByName("snapshot.ROOTFilePB"))


Snapshot = _message_class()


def serialise(objects: Iterable[Object], packed: bool = True) -> bytes:
    """A snapshot of these objects, each packed by zlib or unpacked."""
    snapshot = Snapshot()
    for path, content, flags in objects:
        blob = zlib.compress(content) if packed else content
        snapshot.histo.add(full_pathname=path, size=len(content), streamed_histo=blob, flags=flags)
    return bytes(snapshot.SerializeToString())


def read(data: bytes) -> dict[str, Object]:
    """The objects in a snapshot by path; the last one of a path counts."""
    found = (Object(histo.full_pathname, zlib.decompress(histo.streamed_histo), histo.flags) for histo in Snapshot.FromString(data).histo)
    return {item.path: item for item in found}


def varint(value: int) -> bytes:
    """A number in base 128."""
    return bytes([value]) if value < 0x80 else bytes([value & 0x7F | 0x80]) + varint(value >> 7)


def entry(name: bytes, blob: bytes, size: int, flags: int) -> bytes:
    """One handwritten entry, which may have wrong sizes."""
    body = b"".join((b"\x0a", varint(len(name)), name, b"\x10", varint(size), b"\x1a", varint(len(blob)), blob, b"\x20", varint(flags)))
    return b"\x0a" + varint(len(body)) + body
