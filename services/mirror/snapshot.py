"""The snapshots that a hub sends to its mirrors: their bytes, their signature, and what makes one be refused.

A snapshot takes a mirror from one edition to a later one: it has every item whose last change lies between the two.
So a mirror that was away asks for one from the edition it has, and what never changes is sent once.

    DQMHUB-SNAPSHOT 1 <key> <signature>\n     key: first 16 hex digits of the SHA-256 of the public key; signature: 128 hex digits
    <header>\n                                 one line of JSON
    <the bytes of the items, one after the other>

The signature (Ed25519) is over all that follows the first line.
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
KINDS = re.compile(r"[a-z][a-z0-9_-]{0,31}")
TYPES = re.compile(r"[a-z]+/[a-z0-9.+-]+(; ?charset=[a-z0-9-]+)?", re.IGNORECASE)
LONGEST_NAME = 200
LATEST = 1e11
"""Of later moments there is no calendar, Unix s."""

LARGEST_SNAPSHOT = 32 * 2**20
"""Bytes that a mirror takes at once unless its operator says otherwise."""

LARGEST_CONTENT = 16 * 2**20
"""Bytes that an item may have once it is decompressed."""

LARGEST = 2**53
"""Greatest run and edition: what JSON keeps exactly everywhere."""


class Refused(Exception):
    """A snapshot that is not taken: status of HTTP and why."""

    def __init__(self, status: int, why: str) -> None:
        super().__init__(why)
        self.status = status


class Key(NamedTuple):
    """What a mirror stores under: kind (as run, log, chart), system, run (0 for what is of no run), name within these."""

    kind: str
    system: str
    run: int
    name: str


class Item(NamedTuple):
    """Something that a mirror serves. type: its content type; encoding: "gzip" or ""; body: the bytes, so encoded; None: it is gone."""

    key: Key
    type: str
    encoding: str
    body: bytes | None


class Snapshot(NamedTuple):
    """series: of the hub's numbering, begun at `started`; an edition is counted within it. at: when it was made, Unix s UTC; hub: name of the instance."""

    series: str
    started: float
    since: int
    until: int
    at: float
    hub: str
    items: list[Item]


def key_id(key: Ed25519PublicKey) -> str:
    """By which name a snapshot says with which key it was signed."""
    return hashlib.sha256(key.public_bytes_raw()).hexdigest()[:16]


def tag(body: bytes) -> str:
    """Which content this is: an address of a mirror with `v=` and this tag may be kept for good."""
    return hashlib.sha256(body).hexdigest()[:16]


def pack(snapshot: Snapshot, key: Ed25519PrivateKey) -> bytes:
    """A snapshot as signed bytes."""
    header = {
        "series": snapshot.series, "started": snapshot.started, "since": snapshot.since, "until": snapshot.until,
        "at": snapshot.at, "hub": snapshot.hub,
        "items": [[*item.key, item.type, item.encoding, None if item.body is None else len(item.body)] for item in snapshot.items],
    }  # fmt: skip
    signed = json.dumps(header).encode() + b"\n" + b"".join(item.body or b"" for item in snapshot.items)
    return f"DQMHUB-SNAPSHOT 1 {key_id(key.public_key())} {key.sign(signed).hex()}\n".encode() + signed


def unpack(raw: bytes, keys: Iterable[Ed25519PublicKey]) -> Snapshot:
    """The snapshot in signed bytes; Refused (400) when they are none, (403) when none of the keys signed them."""
    first = FIRST_LINE.match(raw)
    if not first:
        raise Refused(400, "this is no snapshot: its first line is not DQMHUB-SNAPSHOT 1 with a key and a signature")
    known: Mapping[str, Ed25519PublicKey] = {key_id(key): key for key in keys}
    named = first[1].decode()
    if named not in known:
        raise Refused(403, f"the key {named} is not one that this mirror trusts")
    end = raw.find(b"\n", first.end())
    whole = memoryview(raw)  # slices of it are no copies, and a snapshot may be large
    try:
        known[named].verify(bytes.fromhex(first[2].decode()), whole[first.end() :])
    except InvalidSignature:
        raise Refused(403, f"the signature is not by the key {named}, or bytes were changed") from None
    if end < 0:
        raise Refused(400, "its header does not end")
    try:
        return _snapshot(json.loads(raw[first.end() : end]), whole[end + 1 :])
    except (ValueError, TypeError, KeyError, RecursionError) as error:
        raise Refused(400, f"its header cannot be used: {error}"[:300]) from error


def _snapshot(header: dict[str, Any], body: memoryview) -> Snapshot:
    since, until = _whole(header["since"]), _whole(header["until"])
    if since >= until:
        raise ValueError(f"it leads from edition {since} to {until}")
    items, at = [], 0
    for kind, system, run, name, type, encoding, size in header["items"]:
        length = 0 if size is None else _whole(size)
        content = None if size is None else bytes(body[at : at + length])
        items.append(Item(_key(kind, system, run, name), _type(type, content), _encoding(encoding), content))
        at += length
    if at != len(body):
        raise ValueError(f"its items have {at} bytes, and {len(body)} follow the header")
    started, made = _moment(header["started"]), _moment(header["at"])
    return Snapshot(_text(header["series"]), started, since, until, made, _text(header["hub"]), items)


def _whole(given: Any) -> int:
    if type(given) is not int or not 0 <= given < LARGEST:
        raise ValueError(f"{given!r} is no whole number from 0 to 2^53"[:200])
    return given


def _moment(given: Any) -> float:
    if type(given) not in (int, float) or not 0 <= given < LATEST:
        raise ValueError(f"{given!r} is no moment"[:200])
    return float(given)


def _text(given: Any) -> str:
    if not isinstance(given, str) or len(given) > LONGEST_NAME or not given.isprintable():
        raise ValueError(f"{given!r} is no text of at most {LONGEST_NAME} printable characters"[:300])
    return given


def _key(kind: Any, system: Any, run: Any, name: Any) -> Key:
    if not KINDS.fullmatch(_text(kind)) or not KINDS.fullmatch(_text(system)):
        raise ValueError(f"{kind!r} or {system!r} is no name of a kind or of a system")
    return Key(kind, system, _whole(run), _text(name))


def _type(given: Any, content: bytes | None) -> str:
    if not TYPES.fullmatch(_text(given)) and (content is not None or given):
        raise ValueError(f"{given!r} is no content type")
    return str(given)


def _encoding(given: Any) -> str:
    if given not in ("", "gzip"):
        raise ValueError(f"the encoding {given!r} is not known")
    return str(given)
