"""Verifies and stores snapshots, from uploads and from a folder. Nothing in a snapshot is used before its signature is verified."""

from __future__ import annotations

import logging
import re
import threading
import time
import zlib
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from protocol.snapshot import MAX_CONTENT_BYTES, Snapshot, SnapshotError, unpack

from .store import MirrorState, Store

log = logging.getLogger("mirror")

MAX_CLOCK_SKEW_S = 300
"""The clock of a hub may be this far ahead."""

SCAN_S = 1.0
"""Time between two scans of the folder."""

FILE_NAME = re.compile(r"(?P<series>.+)-(?P<since>\d{12})-(?P<until>\d{12})\.snapshot")


class Receiver:
    """Verifies and stores snapshots, and counts refused ones.

    Attributes:
        max_age_s: maximum age of an uploaded snapshot.
        refused: number of refused snapshots by status.
        last_refused: reason of the latest refusal.
    """

    def __init__(self, store: Store, keys: Iterable[str], max_age_s: float) -> None:
        self.store = store
        self.keys = public_keys(keys)
        self.max_age_s = max_age_s
        self.refused: Counter[int] = Counter()
        self.last_refused = ""

    def receive(self, raw: bytes, uploaded: bool = True) -> MirrorState:
        """Verify and store a snapshot. Raises SnapshotError when it is refused."""
        snapshot = unpack(raw, self.keys)
        check_date(snapshot, self.max_age_s if uploaded else None)
        check_content(snapshot)
        return self.store.apply(snapshot)

    def count_refusal(self, refusal: SnapshotError) -> None:
        """Count a refused snapshot for /status."""
        self.refused[refusal.status] += 1
        self.last_refused = str(refusal)


def public_keys(keys: Iterable[str]) -> list[Ed25519PublicKey]:
    """Keys from their 64 hex digits."""
    return [Ed25519PublicKey.from_public_bytes(bytes.fromhex(key)) for key in keys]


def check_date(snapshot: Snapshot, max_age_s: float | None) -> None:
    """Raise SnapshotError (409) for a date in the future, or so old that the snapshot may be a replay."""
    now = time.time()
    ahead_s, age_s = max(snapshot.at, snapshot.started) - now, now - snapshot.at
    if ahead_s > MAX_CLOCK_SKEW_S:
        raise SnapshotError(409, f"The date of the snapshot is {ahead_s:.0f} s ahead of the clock of this mirror")
    if max_age_s is not None and age_s > max_age_s:
        raise SnapshotError(409, f"The snapshot is {age_s:.0f} s old; this mirror accepts the last {max_age_s:.0f} s")


def check_content(snapshot: Snapshot) -> None:
    """Raise SnapshotError for an item that cannot be decompressed (400) or is too large (413)."""
    for key, _, encoding, body in snapshot.items:
        size = len(body or b"")
        if body is not None and encoding == "gzip":
            try:
                size = decompressed_size(body)
            except (zlib.error, ValueError) as error:
                raise SnapshotError(400, f"Item {' '.join(map(str, key))} is not valid gzip: {error}") from error
        if size > MAX_CONTENT_BYTES:
            raise SnapshotError(413, f"Item {' '.join(map(str, key))} has more than {MAX_CONTENT_BYTES} bytes")


def decompressed_size(body: bytes) -> int:
    """Size of the content of a gzip, in bytes; counting stops above MAX_CONTENT_BYTES.

    Raises zlib.error or ValueError when `body` is not exactly one gzip member.
    """
    stream, size, rest = zlib.decompressobj(wbits=31), 0, body
    while not stream.eof and size <= MAX_CONTENT_BYTES:
        part = stream.decompress(rest, 2**16)
        rest = stream.unconsumed_tail
        size += len(part)
        if not part and not rest:
            break
    if size <= MAX_CONTENT_BYTES and (not stream.eof or stream.unused_data):
        raise ValueError("data are missing at the end or follow it")
    return size


class FolderWatcher:
    """Stores the snapshots in a folder, in a thread of its own.

    Attributes:
        max_bytes: maximum size of a file.
        problem: why the folder cannot be read, without its path, since everyone may read it; "" when all is well.
    """

    def __init__(self, path: Path, receiver: Receiver, max_bytes: int) -> None:
        self.path = path
        self.max_bytes = max_bytes
        self.receiver = receiver
        self.problem = ""
        self._refused: set[tuple[str, int, int]] = set()  # name, size, mtime_ns

    def start(self) -> None:
        """Start the thread."""
        threading.Thread(target=self._run, name="folder", daemon=True).start()

    def store_next(self) -> bool:
        """Store the file that advances the mirror most; False when there is none."""
        for path in self._candidates(self.receiver.store.state()):
            found = path.stat()
            identity = (path.name, found.st_size, found.st_mtime_ns)
            if identity in self._refused:
                continue
            try:
                self._store(path, found.st_size)
                return True
            except SnapshotError as refusal:
                self.receiver.count_refusal(refusal)
                if refusal.status == 507:  # the file is valid and fits when there is space again
                    raise
                self._refused.add(identity)
                log.warning("%s refused: %s", path.name, ascii(str(refusal)))
        return False

    def _run(self) -> None:
        while True:
            try:
                while self.store_next():
                    pass
                self._report("")
            except Exception as error:  # the thread must survive: the next scan may succeed
                self._report((error.strerror if isinstance(error, OSError) else str(error)) or type(error).__name__)
            time.sleep(SCAN_S)

    def _report(self, problem: str) -> None:
        if problem and problem != self.problem:
            log.warning("%s: %s", self.path, ascii(problem))
        self.problem = problem

    def _store(self, path: Path, size: int) -> None:
        if not path.is_file() or size > self.max_bytes:  # reading it could fill the memory or never end
            raise SnapshotError(413, f"The file has {size} bytes; this mirror accepts regular files of at most {self.max_bytes}")
        self.receiver.receive(path.read_bytes(), uploaded=False)

    def _candidates(self, state: MirrorState) -> list[Path]:
        """Files that follow the current revision: newest series first (names sort by start), then by the revision they lead to."""
        found = []
        for path in self.path.iterdir():
            if (match := FILE_NAME.fullmatch(path.name)) and match["series"] >= state.series:
                revision = state.revision if match["series"] == state.series else 0
                if int(match["since"]) <= revision < int(match["until"]):
                    found.append((match["series"], int(match["until"]), path))
        return [path for _, _, path in sorted(found, reverse=True)]
