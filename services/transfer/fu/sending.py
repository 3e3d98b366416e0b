"""The threads that send files."""

from __future__ import annotations

import logging
import os
import threading
import time
from pathlib import Path

from ..copying import CopyFailed, SourceFailed, TargetFailed, check_source
from ..expected import Expected
from ..journal import Journal, JournalFailed
from ..names import FileKind
from .files import Companion, file_state, read_companion
from .outbox import Outbox, OutgoingFile
from .removed import RemovedFiles
from .sent import KIND, SentFiles
from .target import Target

THREADS = 4
"""Files that are sent at once; the first thread takes snapshots only, so that big files do not hold them up."""
REPORT_WAIT_S, ORIGIN_WAIT_S = 3.0, 30.0
"""Seconds without a change after which a snapshot is sent without its report, and a ROOT file without its origin."""
MOST_SOURCE_FAILURES = 8
"""Attempts after which a file that differs from its origin is given up until it changes."""
CLOSE_S = 5.0
UNTAGGED = "untagged"
"""The client of older files without a tag, in records."""
log = logging.getLogger(__name__)


class Sender:
    """Sends the files of an outbox, and notes the sent ones."""

    def __init__(self, outbox: Outbox, target: Target, sent: SentFiles, journal: Journal) -> None:
        """Begin to send.

        Args:
            outbox: The files to send.
            target: Where they are sent.
            sent: Where sent files are noted.
            journal: Where failures are reported.
        """
        self._outbox, self._target, self._sent, self._journal = outbox, target, sent, journal
        self._given_up: dict[str, tuple[OutgoingFile, object]] = {}
        self._removed = RemovedFiles()
        self._outage = ("", 0.0)
        kinds = [(FileKind.SNAPSHOT,), *[(FileKind.SNAPSHOT, FileKind.ROOT_FILE)] * (THREADS - 1)]
        self._threads = [threading.Thread(target=self._run, args=(one,), name=f"sender {one}", daemon=True) for one in kinds]
        for thread in self._threads:
            thread.start()

    @property
    def given_up(self) -> list[OutgoingFile]:
        """The damaged files that are not sent until they change."""
        return [outgoing for outgoing, _ in list(self._given_up.values())]

    def look_at_removed(self) -> None:
        """Forget given-up files that were removed, and log the other files that were removed before they were sent."""
        for outgoing in self.given_up:
            if not os.path.lexists(outgoing.file.path):
                self._given_up.pop(outgoing.file.name, None)
        self._removed.log()

    @property
    def outage(self) -> tuple[str, float]:
        """Why the target takes no files, and since when, s since 1970; empty and 0 while it does."""
        return self._outage

    def has_given_up(self, outgoing: OutgoingFile) -> bool:
        """Whether this version of a file is given up as damaged."""
        known = self._given_up.get(outgoing.file.name)
        return known is not None and known[1] == _whole_version(outgoing)

    def close(self) -> None:
        """Begin no further copy, and wait a short time for the current ones; unfinished ones are repeated after a restart."""
        self._outbox.close()
        end = time.monotonic() + CLOSE_S
        for thread in self._threads:
            thread.join(max(0.0, end - time.monotonic()))

    def _run(self, kinds: tuple[FileKind, ...]) -> None:
        while (outgoing := self._outbox.take(kinds)) is not None:
            try:
                self._send(outgoing)
            except Exception:  # a fault with one file must not end the thread
                log.exception("Cannot send %s", outgoing.file.path)
                outgoing.attempts += 1
                self._outbox.retry(outgoing)

    def _send(self, outgoing: OutgoingFile) -> None:
        """Make one attempt to send a file."""
        state = file_state(outgoing.file.path)
        if state is None:
            self._drop(outgoing)
            return
        if state.version != outgoing.state.version:
            outgoing.source_failures, outgoing.since = 0, time.monotonic()
        outgoing.state = state
        companion = read_companion(outgoing.file)
        fits = companion is not None and companion.expected.size == state.version.size
        if not fits and (wait_s := self._companion_wait_s(outgoing)) > 0:
            self._outbox.postpone(outgoing, wait_s)
            return
        outgoing.attempts += 1
        try:
            self._copy(outgoing, self._expected(outgoing, companion))
        except CopyFailed as error:
            self._fail(outgoing, error)
        else:
            self._succeed(outgoing, companion if fits else None)

    def _copy(self, outgoing: OutgoingFile, expected: Expected) -> None:
        """Copy a file unless the target has it: an earlier process may have been killed before it noted the copy, or its journal was lost.

        A ROOT file that is copied again would be merged again.
        """
        file = outgoing.file
        if expected.md5 and self._target.has(file.run, file.name, expected):
            log.info("The target has %s already", file.name)
        else:
            self._target.send(Path(file.path), file.run, file.name, expected)

    def _companion_wait_s(self, outgoing: OutgoingFile) -> float:
        """Seconds for which a file still waits for its companion."""
        limit = ORIGIN_WAIT_S if outgoing.file.kind is FileKind.ROOT_FILE else REPORT_WAIT_S
        return outgoing.since + limit - time.monotonic()

    def _expected(self, outgoing: OutgoingFile, companion: Companion | None) -> Expected:
        """The expected copy. Raises SourceFailed when a ROOT file differs from its origin.

        A snapshot that differs from its report is sent, since the report may belong to the snapshot before or after it.
        """
        size = outgoing.state.version.size
        if outgoing.file.kind is FileKind.SNAPSHOT or companion is None:
            return Expected(size)
        if companion.expected.size != size:
            raise SourceFailed(f"{outgoing.file.path} has {size} bytes, not {companion.expected.size} as its origin says")
        if outgoing.source_failures:  # do not copy a big file again only to find the same difference
            check_source(Path(outgoing.file.path), companion.expected)
        return companion.expected

    def _succeed(self, outgoing: OutgoingFile, companion: Companion | None) -> None:
        file, pid = outgoing.file, companion.pid if companion else 0
        note = "" if companion else f"sent without a fitting {file.companion_name}, checked by its size alone"
        try:
            self._sent.add(file, outgoing.state, pid, _record(outgoing, note, time.time()))
        except JournalFailed as error:
            log.error("%s was sent, but this cannot be stored in the journal: %s", file.path, error)
        log.info("Sent %s as %s, %d bytes%s", file.path, file.name, outgoing.state.version.size, note and f"; {note}")
        self._given_up.pop(file.name, None)
        self._outage = "", 0.0
        self._outbox.finish(outgoing)

    def _fail(self, outgoing: OutgoingFile, error: CopyFailed) -> None:
        text = str(error)
        outgoing.failures += 1
        if isinstance(error, TargetFailed):
            self._outage = text, self._outage[1] or time.time()
        if text != outgoing.error:
            outgoing.error = text
            log.warning("Cannot send %s: %s", outgoing.file.path, text)
            self._report(outgoing, text)
        if isinstance(error, SourceFailed):
            outgoing.source_failures += 1
            if outgoing.source_failures >= MOST_SOURCE_FAILURES:
                log.error("%s is not sent until it changes: %s", outgoing.file.path, text)
                outgoing.error = f"it is not sent until it or its origin changes: {text}"
                self._given_up[outgoing.file.name] = outgoing, _whole_version(outgoing)
                self._outbox.finish(outgoing, is_reached=False)
                return
        self._outbox.retry(outgoing, isinstance(error, TargetFailed))

    def _drop(self, outgoing: OutgoingFile) -> None:
        """Forget a file that was removed."""
        text = "it was removed before it was sent"
        self._removed.add(outgoing.file.path)
        self._report(outgoing, text)
        self._given_up.pop(outgoing.file.name, None)
        self._outbox.finish(outgoing, is_reached=False)

    def _report(self, outgoing: OutgoingFile, error: str) -> None:
        try:
            self._journal.add_record(_record(outgoing, error, 0))
        except JournalFailed as failure:
            log.error("Cannot store in the journal that %s was not sent: %s", outgoing.file.path, failure)


def _whole_version(outgoing: OutgoingFile) -> object:
    """The version of a file and of its companion."""
    companion = file_state(outgoing.file.companion)
    return outgoing.state.version, companion and companion.version


def _record(outgoing: OutgoingFile, error: str, sent: float) -> dict[str, object]:
    file = outgoing.file
    return {
        "kind": KIND,
        "at": time.time(),
        "run": file.run,
        "client": file.tag or UNTAGGED,
        "file": str(file.kind),
        "name": file.name,
        "size": outgoing.state.version.size,
        "written": outgoing.state.written,
        "noticed": outgoing.noticed,
        "since": outgoing.waits_since,
        "sent": sent,
        "attempts": outgoing.attempts,
        "error": error,
    }
