"""Snapshots that a hub sends to its public mirrors: their bytes, signature and limits.

A snapshot takes a mirror from one revision to a later one: it holds every item that changed between the two. A mirror that was
unreachable gets a snapshot from its own revision on, so that unchanged items are sent only once.

    DQMHUB-SNAPSHOT 1 <key> <signature>\\n     key: first 16 hex digits of the SHA-256 of the public key; signature: 128 hex digits
    <header>\\n                                 one line of JSON
    <bodies of the items, one after the other>

The signature (Ed25519) covers everything after the first line.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

FIRST_LINE = re.compile(rb"DQMHUB-SNAPSHOT 1 ([0-9a-f]{16}) ([0-9a-f]{128})\n")
FIRST_LINE_BYTES = 164
NO_FIRST_LINE = "Not a snapshot: the first line must be DQMHUB-SNAPSHOT 1 with a key and a signature"

KIND = re.compile(r"[a-z][a-z0-9_-]{0,31}")
"""Kinds of items, and systems."""

CONTENT_TYPE = re.compile(r"[a-z]+/[a-z0-9.+-]+(; ?charset=[a-z0-9-]+)?", re.IGNORECASE)
MAX_TEXT_LENGTH = 200

MAX_TIME = 1e11
"""Later times have no calendar date, Unix s."""

MAX_SNAPSHOT_BYTES = 32 * 2**20
"""Default size limit of a mirror for one snapshot."""

MAX_CONTENT_BYTES = 16 * 2**20
"""Size limit of one item after decompression."""

MAX_INTEGER = 2**53
"""Runs and revisions are smaller: JSON parsers in every language read such integers exactly."""


class SnapshotError(Exception):
    """A snapshot that a mirror refuses.

    Attributes:
        status: HTTP status of the mirror's response, as docs/developers/snapshots.md lists them.
    """

    def __init__(self, status: int, reason: str) -> None:
        super().__init__(reason)
        self.status = status


class ItemKey(NamedTuple):
    """Identity of an item."""

    kind: str  # run, log, chart, ...
    system: str  # production, playback; all: of no system
    run: int  # 0: of no run
    name: str  # within kind, system and run


class Item(NamedTuple):
    """Content that a mirror serves."""

    key: ItemKey
    content_type: str
    encoding: str  # of the body: "gzip" or ""
    body: bytes | None  # None: the item was removed


class Snapshot(NamedTuple):
    """The changes from one revision to a later one."""

    series: str  # name of the numbering of revisions
    started: float  # start of the series, Unix s UTC
    since: int  # revision that the mirror must have reached
    until: int  # revision that the mirror has afterwards
    at: float  # creation time of the newest revision, Unix s UTC
    hub: str  # name of the instance
    items: list[Item]


def key_id(key: Ed25519PublicKey) -> str:
    """Short name of a public key in the first line of a snapshot."""
    return hashlib.sha256(key.public_bytes_raw()).hexdigest()[:16]


def content_tag(body: bytes) -> str:
    """Version of a body: caches may keep an address with `v=` and this tag forever."""
    return hashlib.sha256(body).hexdigest()[:16]


def pack(snapshot: Snapshot, key: Ed25519PrivateKey) -> bytes:
    """Serialise and sign a snapshot."""
    header = {
        "series": snapshot.series,
        "started": snapshot.started,
        "since": snapshot.since,
        "until": snapshot.until,
        "at": snapshot.at,
        "hub": snapshot.hub,
        "items": [[*item.key, item.content_type, item.encoding, None if item.body is None else len(item.body)] for item in snapshot.items],
    }
    signed = json.dumps(header).encode() + b"\n" + b"".join(item.body or b"" for item in snapshot.items)
    return f"DQMHUB-SNAPSHOT 1 {key_id(key.public_key())} {key.sign(signed).hex()}\n".encode() + signed


def unpack(raw: bytes, keys: Iterable[Ed25519PublicKey]) -> Snapshot:
    """Verify and parse the bytes of a snapshot.

    Raises SnapshotError: 400 for malformed bytes, 403 without a valid signature by one of the keys.
    """
    first = FIRST_LINE.match(raw)
    if not first:
        raise SnapshotError(400, NO_FIRST_LINE)
    signed = memoryview(raw)[first.end() :]  # slices of a memoryview do not copy, and a snapshot may be large
    _verify(signed, first[1].decode(), bytes.fromhex(first[2].decode()), keys)
    end = raw.find(b"\n", first.end())
    if end < 0:
        raise SnapshotError(400, "The header of the snapshot does not end")
    try:
        return _parse(json.loads(raw[first.end() : end]), memoryview(raw)[end + 1 :])
    except (ValueError, TypeError, KeyError, RecursionError) as error:
        raise SnapshotError(400, f"The header of the snapshot is invalid: {error}"[:300]) from error


def untrusted_key(name: str) -> SnapshotError:
    """The error for a snapshot whose signing key the mirror does not know."""
    return SnapshotError(403, f"This mirror does not trust the key {name}")


def _verify(signed: memoryview, key_name: str, signature: bytes, keys: Iterable[Ed25519PublicKey]) -> None:
    known: Mapping[str, Ed25519PublicKey] = {key_id(key): key for key in keys}
    if key_name not in known:
        raise untrusted_key(key_name)
    try:
        known[key_name].verify(signature, signed)
    except InvalidSignature:
        raise SnapshotError(403, f"Wrong signature: it does not match the key {key_name}, or bytes were changed") from None


def _parse(header: dict[str, Any], body: memoryview) -> Snapshot:
    since, until = _integer(header["since"]), _integer(header["until"])
    if since >= until:
        raise ValueError(f"it starts at revision {since} and ends at {until}")
    items, at = [], 0
    for kind, system, run, name, content_type, encoding, size in header["items"]:
        length = 0 if size is None else _integer(size)
        content = None if size is None else bytes(body[at : at + length])
        items.append(Item(_item_key(kind, system, run, name), _content_type(content_type, content), _encoding(encoding), content))
        at += length
    if at != len(body):
        raise ValueError(f"the items have {at} bytes, but {len(body)} follow the header")
    started, created = _time(header["started"]), _time(header["at"])
    return Snapshot(_text(header["series"]), started, since, until, created, _text(header["hub"]), items)


def _integer(value: Any) -> int:
    if type(value) is not int or not 0 <= value < MAX_INTEGER:
        raise ValueError(f"{value!r} is not an integer from 0 to 2^53"[:200])
    return value


def _time(value: Any) -> float:
    if type(value) not in (int, float) or not 0 <= value < MAX_TIME:
        raise ValueError(f"{value!r} is not a time in Unix seconds"[:200])
    return float(value)


def _text(value: Any) -> str:
    if not isinstance(value, str) or len(value) > MAX_TEXT_LENGTH or not value.isprintable():
        raise ValueError(f"{value!r} is not a text of at most {MAX_TEXT_LENGTH} printable characters"[:300])
    return value


def _item_key(kind: Any, system: Any, run: Any, name: Any) -> ItemKey:
    if not KIND.fullmatch(_text(kind)) or not KIND.fullmatch(_text(system)):
        raise ValueError(f"{kind!r} or {system!r} is not a valid kind or system")
    return ItemKey(kind, system, _integer(run), _text(name))


def _content_type(value: Any, content: bytes | None) -> str:
    if not CONTENT_TYPE.fullmatch(_text(value)) and (content is not None or value):
        raise ValueError(f"{value!r} is not a content type")
    return str(value)


def _encoding(value: Any) -> str:
    if value not in ("", "gzip"):
        raise ValueError(f"unknown encoding {value!r}; gzip or none is allowed")
    return str(value)
