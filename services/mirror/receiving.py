"""Takes snapshots: those that hubs post, and those that lie in a folder. Nothing of them counts before the signature is verified."""

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

from .store import State, Store

log = logging.getLogger("mirror")

AHEAD_S = 300
"""The clock of a hub may be so far ahead of ours."""

LOOK_S = 1.0
"""Between two looks into the folder."""

FILE = re.compile(r"(?P<series>.+)-(?P<since>\d{12})-(?P<until>\d{12})\.snapshot")


class Receiver:
    """What is taken, and why the rest is not. oldest_s: age that a posted snapshot may have."""

    def __init__(self, store: Store, keys: Iterable[str], oldest_s: float) -> None:
        self.store = store
        self.keys = [Ed25519PublicKey.from_public_bytes(bytes.fromhex(key)) for key in keys]
        self.oldest_s = oldest_s
        self.refused: Counter[int] = Counter()
        self.last_refused = ""

    def take(self, raw: bytes, posted: bool = True) -> State:
        """Verify and store a snapshot; SnapshotError with the reason. Nothing is taken from it before its signature is known to be good."""
        snapshot = unpack(raw, self.keys)
        check_date(snapshot, self.oldest_s if posted else None)
        check_content(snapshot)
        return self.store.take(snapshot)

    def note(self, refusal: SnapshotError) -> None:
        """Keep for the status what was refused."""
        self.refused[refusal.status] += 1
        self.last_refused = str(refusal)


def check_date(snapshot: Snapshot, oldest_s: float | None) -> None:
    """SnapshotError (409) for a date that lies ahead, or so far back that somebody may have kept the snapshot."""
    now = time.time()
    if max(snapshot.at, snapshot.started) > now + AHEAD_S:
        raise SnapshotError(409, f"its date lies {max(snapshot.at, snapshot.started) - now:.0f} s ahead of the clock of this mirror")
    if oldest_s is not None and snapshot.at < now - oldest_s:
        raise SnapshotError(409, f"it was made {now - snapshot.at:.0f} s ago, and this mirror takes those of the last {oldest_s:.0f} s")


def check_content(snapshot: Snapshot) -> None:
    """SnapshotError (400) when an item cannot be decompressed, (413) when it is too large then."""
    for key, _, encoding, body in snapshot.items:
        size = len(body or b"")
        if body is not None and encoding == "gzip":
            try:
                size = inflated(body)
            except (zlib.error, ValueError) as error:
                raise SnapshotError(400, f"{' '.join(map(str, key))} is no gzip: {error}") from error
        if size > MAX_CONTENT_BYTES:
            raise SnapshotError(413, f"the content of {' '.join(map(str, key))} has more than {MAX_CONTENT_BYTES} bytes")


def inflated(body: bytes) -> int:
    """How many bytes are in a gzip, counted until there are too many; ValueError or zlib.error when it is none, or more than one."""
    stream, size, rest = zlib.decompressobj(wbits=31), 0, body
    while not stream.eof and size <= MAX_CONTENT_BYTES:
        part = stream.decompress(rest, 2**16)
        rest = stream.unconsumed_tail
        size += len(part)
        if not part and not rest:
            break
    if size <= MAX_CONTENT_BYTES and (not stream.eof or stream.unused_data):
        raise ValueError("it does not end where it should")
    return size


class Folder:
    """The snapshots in a folder, each of at most `largest` bytes; a thread takes those that fit, and waits for more."""

    def __init__(self, path: Path, receiver: Receiver, largest: int) -> None:
        self.path = path
        self.largest = largest
        self.receiver = receiver
        self.problem = ""  # as anybody may read it: without the path
        self._bad: set[tuple[str, int, int]] = set()
        """Files that were refused: name, size, mtime_ns."""

    def start(self) -> None:
        threading.Thread(target=self._run, name="folder", daemon=True).start()

    def _run(self) -> None:
        while True:
            try:
                while self.take_one():
                    pass
                self._say("")
            except Exception as error:  # whatever it is, the next look may find it mended
                self._say((error.strerror if isinstance(error, OSError) else str(error)) or type(error).__name__)
            time.sleep(LOOK_S)

    def _say(self, problem: str) -> None:
        if problem and problem != self.problem:
            log.warning("%s: %s", self.path, ascii(problem))
        self.problem = problem

    def take_one(self) -> bool:
        """Take the file that leads furthest; whether there was one that could be taken."""
        state = self.receiver.store.state()
        for path in self._fitting(state):
            found = path.stat()
            seen = (path.name, found.st_size, found.st_mtime_ns)
            if seen in self._bad:
                continue
            try:
                if not path.is_file() or found.st_size > self.largest:  # it would fill the memory, or never end
                    raise SnapshotError(413, f"it has {found.st_size} bytes, and this mirror takes files of {self.largest}")
                self.receiver.take(path.read_bytes(), posted=False)
                return True
            except SnapshotError as refusal:
                self.receiver.note(refusal)
                if refusal.status == 507:  # the file is good; there may be room later
                    raise
                self._bad.add(seen)
                log.warning("%s is not taken: %s", path.name, ascii(str(refusal)))
        return False

    def _fitting(self, state: State) -> list[Path]:
        """Files that lead on from what there is: of the newest series first, whose names sort as they began, and of it the furthest."""
        found = []
        for path in self.path.iterdir():
            if (named := FILE.fullmatch(path.name)) and named["series"] >= state.series:
                have = state.have if named["series"] == state.series else 0
                if int(named["since"]) <= have < int(named["until"]):
                    found.append((named["series"], int(named["until"]), path))
        return [path for _, _, path in sorted(found, reverse=True)]
