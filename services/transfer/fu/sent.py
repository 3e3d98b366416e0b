"""The files that were sent, also by earlier processes."""

from __future__ import annotations

import logging
import time
from collections.abc import Mapping
from typing import Any, NamedTuple

from ..files import FileVersion
from ..journal import Journal, JournalFailed
from .files import ClientFile, FileState, file_state

KIND = "file"
"""The kind of documents and records of files."""
FIRST_DAYS = 2.0
"""Files that are older when the journal is created are not sent: another program has sent them."""
KEEP_DAYS = 10.0
"""Days for which the journal keeps the sent files of a run after their removal."""
DAY_S = 86400.0
log = logging.getLogger(__name__)


class SentFile(NamedTuple):
    """The last file that was sent under a name, or one that waits.

    Attributes:
        path: Where it is.
        lumi: Lumisection of a snapshot of an older client, which writes a file for each.
        state: Its version.
        sent: When it was sent, s since 1970.
        pid: The process that wrote it; 0 if that is not known.
        tag: The client.
    """

    path: str
    lumi: int
    state: FileState
    sent: float = 0.0
    pid: int = 0
    tag: str = ""

    def is_replaced_by(self, file: ClientFile, state: FileState) -> bool:
        """Whether a file is a newer version of this one.

        Other content of the same path is always newer, since clocks may be set back.
        """
        if file.path == self.path:
            return state.version != self.state.version
        return (file.lumi, state.written) > (self.lumi, self.state.written)


class SentFiles:
    """The files that were sent, by run and name."""

    def __init__(self, journal: Journal) -> None:
        """Read the journal. Raises JournalFailed."""
        self._journal = journal
        self._runs: dict[int, dict[str, SentFile]] = {}
        since = journal.get(KIND, 0, "since")
        if since is None:
            since = {"since": time.time() - FIRST_DAYS * DAY_S}
            journal.put(KIND, 0, "since", since)
        self._since = float(since["since"])
        for run in journal.runs(KIND):
            if run:
                documents = journal.of_run(KIND, run).items()
                self._runs[run] = {name: sent for name, document in documents if (sent := _from_document(name, document))}
        self._writers = {run: {sent.pid: _written(sent) for sent in files.values() if sent.pid} for run, files in self._runs.items()}

    def has(self, file: ClientFile, state: FileState) -> bool:
        """Whether a file was sent, or is older than what was sent under its name, or than this service."""
        sent = self._runs.get(file.run, {}).get(file.name)
        return not sent.is_replaced_by(file, state) if sent else state.written < self._since

    def add(self, file: ClientFile, state: FileState, pid: int, record: Mapping[str, object]) -> None:
        """Note and report a sent file. Raises JournalFailed; this process has noted it even then."""
        sent = SentFile(file.path, file.lumi, state, time.time(), pid, file.tag)
        self._runs.setdefault(file.run, {})[file.name] = sent
        if pid:
            self._writers[file.run] = self._writers.get(file.run, {}) | {pid: _written(sent)}
        document = sent._asdict() | {"state": [*state.version, state.written]}
        self._journal.put(KIND, file.run, file.name, document, record)

    def snapshots(self, run: int) -> dict[int, tuple[str, float]]:
        """The tag of each process that wrote a snapshot of a run, and when it wrote the last one, s since 1970.

        Replaced snapshots are included: a crashed client may be listed for a while after its successor has written.
        """
        return self._writers.get(run, {})

    def forget_old(self) -> None:
        """Forget the runs without a recently sent file and without remaining files."""
        limit = time.time() - KEEP_DAYS * DAY_S
        for run, files in list(self._runs.items()):
            if any(sent.sent >= limit or _exists(sent.path) for sent in list(files.values())):
                continue
            try:
                self._journal.forget(run)
            except JournalFailed as error:
                log.error("%s", error)
                return
            del self._runs[run]
            self._writers.pop(run, None)


def _written(sent: SentFile) -> tuple[str, float]:
    """The client of a snapshot, and when it wrote it."""
    return sent.tag, sent.state.written


def _exists(path: str) -> bool:
    try:
        return file_state(path) is not None
    except OSError:
        return True


def _from_document(name: str, document: dict[str, Any]) -> SentFile | None:
    """A sent file from its document; None for a document of another version of this program: then the file is sent again."""
    try:
        inode, size, mtime_ns, written = document.pop("state")
        return SentFile(state=FileState(FileVersion(inode, size, mtime_ns), written), **document)
    except (KeyError, TypeError, ValueError):
        log.warning("The journal entry of %s has an unknown form; the file is sent again", name)
        return None
