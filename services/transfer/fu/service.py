"""The loop of the mode `fu`: notices files, hands them to the threads that send, and detects when a run is over."""

from __future__ import annotations

import logging
import threading
import time
from collections import Counter
from collections.abc import Iterable
from typing import Any

from .. import service_notify
from ..disks import DiskWatch
from ..journal import Journal
from ..names import LARGEST_RUN
from ..options import Options
from ..processes import ClientProcess, all_client_processes
from ..watching import FolderWatch
from .clients import RunClients, Snapshots
from .files import ClientFile, FileFinder, file_state
from .outbox import Outbox, OutgoingFile
from .sending import Sender
from .sent import SentFile, SentFiles
from .target import open_target
from .waiting import waiting_files, written_snapshots

STEP_S = 1.0
CLIENTS_S = 5.0
"""Seconds between two looks at the processes of this host."""
DEPTH = 3
"""Folders below that of the clients: `pb`, the run, and the tag of an older client."""
SNAPSHOTS = "pb"
"""The folder of the snapshots, which may be a link to another disk."""
log = logging.getLogger(__name__)


class FuService:
    """Sends the files of one run, or of all."""

    def __init__(self, options: Options, journal: Journal, run: int = 0) -> None:
        """Read from the journal what was sent, and begin to send. Raises JournalFailed.

        Args:
            options: All options.
            journal: Keeps the sent files and the records to report.
            run: The run; 0 for all.
        """
        self._options, self._run = options.fu, run
        self._finder = FileFinder(options.host_name, run)
        self._clients = RunClients(options.fu.end_s, options.fu.begin_s)
        self._sent = SentFiles(journal)
        self._outbox = Outbox(options.fu.retry_s, options.fu.retry_most_s)
        self._target = open_target(options.fu.target, options.fu.ssh, options.state)
        self._sender = Sender(self._outbox, self._target, self._sent, journal)
        self._disks = DiskWatch([place for place in (options.fu.folder, options.fu.target, options.state) if place.startswith("/")])
        self._started = time.time()
        self._next_look = 0.0
        self._last_scan = 0
        self._problem = ""  # path of the last file with an unreadable state

    def close(self) -> None:
        """End; current copies get a short time."""
        self._sender.close()
        self._target.close()
        self._disks.close()

    def state(self) -> dict[str, Any]:
        """The state of this mode, for reports; any thread may call it."""
        files = self._outbox.waiting()

        def snapshots(run: int) -> Snapshots:
            return written_snapshots(run, self._sent.snapshots(run), files)

        error, since = self._sender.outage if files else ("", 0.0)
        return {
            "started": self._started,
            "run": self._run,
            "queued": len(files),
            "waiting": waiting_files([*files, *self._sender.given_up]),
            "target": {"place": self._options.target, "error": error, "since": since},
            "runs": self._clients.state(self._outbox.runs(), snapshots, time.monotonic()),
            "disks": self._disks.fractions(),
        }

    def unsent(self) -> list[str]:
        """Names of the files that are not sent because they are damaged, until they change."""
        return sorted(outgoing.file.name for outgoing in self._sender.given_up)

    def serve(self, stop: threading.Event) -> int:
        """Serve until `stop` is set, or the one run is over; returns the exit code."""
        log.info("Sending files %sfrom %s to %s", f"of run {self._run} " if self._run else "", self._options.folder, self._options.target)
        if self._run:
            self._clients.note_run(self._run, time.monotonic())
        with FolderWatch(self._options.folder, DEPTH, self._options.scan_s, [SNAPSHOTS]) as watch:
            scans = 0
            service_notify.ready()
            while not stop.is_set():
                service_notify.alive()
                self._look_at_clients()
                self._notice_all(watch.changes(STEP_S))
                if watch.scans != scans:
                    scans = watch.scans
                    self._sent.forget_old()
                if self._run and self._is_over(watch):
                    return self._end()
        return 0

    def _look_at_clients(self) -> None:
        now = time.monotonic()
        if now < self._next_look:
            return
        self._next_look = now + min(CLIENTS_S, self._options.end_s / 3)
        self._clients.note_processes(filter(self._is_ours, all_client_processes()), now)
        self._sender.look_at_removed()
        self._clients.forget_old(self._outbox.runs(), Counter(outgoing.file.run for outgoing in self._sender.given_up), now)

    def _is_ours(self, process: ClientProcess) -> bool:
        folder = self._options.input_folder
        return 0 < process.run <= LARGEST_RUN and self._run in (0, process.run) and folder in ("", process.input_folder)

    def _notice_all(self, paths: Iterable[str]) -> None:
        """Look at the files of these paths, each once, since a scan also lists their companions."""
        found: dict[str, tuple[ClientFile, bool]] = {}
        for path in paths:
            file = self._finder.find(path)
            if file is not None and not (file.path in found and found[file.path][1]):
                found[file.path] = file, path != file.path
        for path, (file, has_companion) in found.items():
            try:
                self._notice(file, has_companion)
            except OSError as error:
                if path != self._problem:
                    log.error("Cannot look at %s: %s", path, error.strerror)
                self._problem = path

    def _notice(self, file: ClientFile, has_companion: bool) -> None:
        """Hand a file to the threads that send, unless it was sent, or waits already."""
        state = file_state(file.path)
        if state is None or self._sent.has(file, state):
            return
        present = self._outbox.find(file.name)
        if present and not SentFile(present.file.path, present.file.lumi, present.state).is_replaced_by(file, state):
            if has_companion:
                self._outbox.hurry(file.name)
            return
        outgoing = OutgoingFile(file, state)
        if self._sender.has_given_up(outgoing):
            return
        self._clients.note_run(file.run, time.monotonic())
        self._outbox.put(outgoing)

    def _is_over(self, watch: FolderWatch) -> bool:
        """Whether the run is over and everything is sent, confirmed by a scan that began after its end."""
        if not self._clients.has_ended(self._run, time.monotonic()) or len(self._outbox):
            self._last_scan = 0
            return False
        if not self._last_scan:
            self._last_scan = watch.scans + 1
            watch.scan_next()
        return watch.scans >= self._last_scan

    def _end(self) -> int:
        if unsent := self.unsent():
            log.error("Run %d is over; %d of its files are damaged, and were not sent: %s", self._run, len(unsent), ", ".join(unsent))
            return 1
        log.info("Run %d is over here, and everything is sent", self._run)
        return 0
