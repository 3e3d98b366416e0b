"""The end of a run: its ROOT files are merged when it is over on all FUs, and again when one comes late or is replaced."""

from __future__ import annotations

import logging
import math
import os
import shutil
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from ..heartbeats import Heartbeats, RunWatch
from ..journal import Journal
from ..names import FileKind, merged_name
from ..options import Options
from .inputs import WORK_FOLDER, RunFile
from .merge_inputs import Contents, clients_of, inputs_of, missing_of
from .merging import Merge, MergeStopped, MergeTimedOut, merge_files
from .versions import journal_began, next_version, versions_at, versions_in

KIND = "merge"
UNMERGED = "unmerged"
"""Key in the journal for files that could not be merged."""
RETRY_S, RETRY_MOST_S = 10.0, 600.0
_FOLDER = "merge-"
MOST_WAITS = 10
"""A merge waits for ROOT files at most `MOST_WAITS * merge_wait_s` after the end of the run, also when snapshots still arrive."""
REST_S = 10.0
"""Seconds between two readings of the heartbeats when a run is over and there is nothing to merge."""
MOST_SATURATED = 20
"""Names of histograms in a record that have bins with more than their type holds."""
log = logging.getLogger(__name__)


class MergedFile(NamedTuple):
    """A merged file to deliver.

    Attributes:
        path: The file, in the folder of the run.
        run: Its run.
        version: Number of the merge, from 1.
        size: Bytes.
        made: When it was complete, s since 1970.
    """

    path: Path
    run: int
    version: int
    size: int
    made: float


class EndOfRun:
    """Waits for the end of one run and merges its files; used by one thread, apart from the attributes.

    Attributes:
        state: `ongoing`, `merging`, `merged`, or `over` when there is nothing to merge.
        waiting_for: The FUs that still have the run; when it is over, the clients without a ROOT file while the merge waits for them.
    """

    def __init__(self, run: int, folder: Path, options: Options, journal: Journal, heartbeats: Heartbeats, stop: threading.Event) -> None:
        """Continue where an earlier process stopped.

        Args:
            run: The run.
            folder: Its folder on this host.
            options: All options.
            journal: Where versions and inputs of merges are kept.
            heartbeats: The heartbeats of the FUs.
            stop: Ends a merge early when it is set.
        """
        self.state = "ongoing"
        self.waiting_for: list[str] = []
        self._run, self._folder, self._options, self._journal, self._stop = run, folder, options, journal, stop
        self._watch = RunWatch(run, heartbeats, options.bu.heartbeat_gap_s)
        self._is_new = True
        self._contents = Contents()
        self._journal_began = journal_began(journal)
        self._finished_files: Sequence[RunFile] | None = None
        self._next_look = 0.0
        self._inodes: dict[Path, int] = {}
        self._changed_at, self._over_since = 0.0, math.inf
        self._retry_at, self._retry_s, self._error = 0.0, RETRY_S, ""
        self._has_timed_out = False

    def step(self, now: float, files: Sequence[RunFile]) -> list[MergedFile]:
        """Do what is due; this can last as long as a merge.

        Args:
            now: The monotonic clock, s.
            files: The files of the run at present. They are listed again after each change.

        Returns the new merged files; at the first step after a start also the newest one of an earlier process, which is not delivered
        twice. Raises `OSError`: the step is tried again.
        """
        merged = self._newest_of_earlier_process()
        if files is self._finished_files and now < self._next_look:
            return merged
        inputs = inputs_of(files)
        missing = missing_of(files)
        handled = self._handled(inputs)
        if handled and not any(file.kind == FileKind.SNAPSHOT and file.arrived > 1e9 * handled["made"] for file in files):
            self.state, self.waiting_for = "merged" if handled["size"] else "over", []
            self._finished_files, self._next_look = files, math.inf
        elif self._is_due(now, files, missing):
            if inputs and not handled:
                merged += self._merge(now, inputs, missing)
            else:
                self._rest(handled, missing)
                self._finished_files, self._next_look = files, now + REST_S
        return merged

    def _newest_of_earlier_process(self) -> list[MergedFile]:
        """At the first step, the newest merged file of an earlier process, which may have been killed just before renaming it."""
        if not self._is_new:
            return []
        merged = []
        if documents := self._documents():
            version, document = max(documents.items())
            path, temporary = self._folder / document["name"], self._folder / document["temporary"]
            if not path.exists() and temporary.exists():
                temporary.replace(path)
            if path.exists():
                merged.append(MergedFile(path, self._run, version, document["size"], document["made"]))
        for folder in self._work.glob(f"{_FOLDER}*"):
            shutil.rmtree(folder, ignore_errors=True)
        self._is_new = False
        return merged

    @property
    def _work(self) -> Path:
        return self._folder / WORK_FOLDER

    def _documents(self) -> dict[int, dict[str, Any]]:
        """What the journal has of the merges of the run, by version."""
        return {int(key): document for key, document in self._journal.of_run(KIND, self._run).items() if key != UNMERGED}

    def _handled(self, inputs: Sequence[RunFile]) -> dict[str, Any] | None:
        """The document of the newest merge, or of the unmergeable files, if it has all these ROOT files; its other files were removed since."""
        documents = self._documents()
        newest = documents[max(documents)] if documents else None
        if newest and not (self._folder / newest["name"]).exists():
            newest = None
        unmerged = self._journal.get(KIND, self._run, UNMERGED) if inputs else None
        return next((one for one in (newest, unmerged) if one and self._contents.are_in(inputs, one["seen"])), None)

    def _rest(self, handled: dict[str, Any] | None, missing: Sequence[RunFile]) -> None:
        """Note that there is nothing to merge; if no client wrote a ROOT file, this is reported once."""
        self.state = "merged" if handled and handled["size"] else "over"
        if not handled and missing and self._journal.get(KIND, self._run, UNMERGED) is None:
            self._give_up([], missing, time.time(), Merge(), "no ROOT file of any client arrived")

    def _is_due(self, now: float, files: Sequence[RunFile], missing: Sequence[RunFile]) -> bool:
        """Whether the run is over and all expected ROOT files are there. Raises `OSError`.

        New snapshots show that ROOT files may still come, also when no heartbeat lists the run; but a client that hangs may write
        snapshots for ever.
        """
        over = self._watch.is_over(now)
        inodes = {file.path: file.inode for file in files}
        if not over or inodes != self._inodes:
            self._inodes, self._changed_at = inodes, now
        if not over:
            self.state, self.waiting_for, self._over_since = "ongoing", self._watch.waiting_for(), math.inf
            return False
        self._over_since = min(self._over_since, now)
        wait_s = self._options.bu.merge_wait_s
        is_waiting = bool(missing) and now < min(self._changed_at + wait_s, self._over_since + MOST_WAITS * wait_s)
        self.state, self.waiting_for = "merging", clients_of(missing) if is_waiting else []
        return now >= self._retry_at and not is_waiting

    def _merge(self, now: float, inputs: Sequence[RunFile], missing: Sequence[RunFile]) -> list[MergedFile]:
        """Make the next version."""
        began = time.time()
        try:
            with self._merge_folder() as folder:
                merge = merge_files([file.path for file in inputs], folder, self._options.bu, self._stop, self._has_timed_out)
                if merge.path is None:
                    self._give_up(inputs, missing, began, merge, "no ROOT file can be merged")
                    self.state = "over"
                    return []
                merged = self._accept(inputs, missing, began, merge)
        except MergeStopped:
            return []
        except OSError as error:
            self._fail(now, inputs, missing, began, error)
            raise
        self._retry_at, self._retry_s, self._error, self._has_timed_out = 0.0, RETRY_S, "", False
        self.state = "merged"
        return [merged]

    @contextmanager
    def _merge_folder(self) -> Iterator[Path]:
        self._work.mkdir(exist_ok=True)
        folder = Path(tempfile.mkdtemp(prefix=_FOLDER, dir=self._work))
        try:
            yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    def _accept(self, inputs: Sequence[RunFile], missing: Sequence[RunFile], began: float, merge: Merge) -> MergedFile:
        """Note a merge, then rename the file: in this order, so that a version is never made twice."""
        assert merge.path is not None
        version = self._next_version(inputs)
        name = merged_name(self._run, version)
        record = self._record(inputs, missing, began, merge) | {"version": version, "name": name, "size": merge.size, "accepted": True}
        temporary = os.path.relpath(merge.path, self._folder)
        document = {
            "name": name,
            "size": merge.size,
            "made": record["made"],
            "temporary": temporary,
            "seen": self._contents.document(inputs),
        }
        os.chmod(merge.path, 0o644)
        self._journal.put(KIND, self._run, f"{version:04}", document, record)
        merge.path.replace(self._folder / name)
        what = f"{len(merge.included)} ROOT files, {merge.histograms} histograms, {merge.size / 1e6:.1f} MB"
        log.info("Run %d: merged %s as %s in %.1f s", self._run, what, name, record["made"] - began)
        if notes := _notes(_missing_note(missing), _saturated_note(merge)):
            log.warning("Run %d: %s", self._run, notes)
        return MergedFile(self._folder / name, self._run, version, merge.size, record["made"])

    def _next_version(self, inputs: Sequence[RunFile]) -> int:
        """A new version of the run; when the journal has no merge of the run, GUI machines may have merges of an earlier journal."""
        known, is_complete = versions_in(os.listdir(self._folder), self._run) | self._documents().keys(), True
        if not self._documents():
            at_machines, is_complete = versions_at(self._options.bu.gui_machines, self._options.bu.ssh, self._run)
            known |= at_machines
        is_new = all(file.arrived >= 1e9 * self._journal_began for file in inputs)
        return next_version(known, is_complete or is_new)

    def _give_up(self, inputs: Sequence[RunFile], missing: Sequence[RunFile], began: float, merge: Merge, error: str) -> None:
        """Note that there is nothing to merge, until other files come."""
        record = self._record(inputs, missing, began, merge, error)
        self._journal.put(KIND, self._run, UNMERGED, {"seen": self._contents.document(inputs), "size": 0, "made": record["made"]}, record)
        log.log(logging.ERROR if inputs else logging.WARNING, "Run %d: %s", self._run, _notes(error, _missing_note(missing)))

    def _fail(self, now: float, inputs: Sequence[RunFile], missing: Sequence[RunFile], began: float, error: OSError) -> None:
        """Note a merge that failed, once for each reason, and wait longer each time."""
        self._retry_at, self._retry_s = now + self._retry_s, min(2 * self._retry_s, RETRY_MOST_S)
        self._has_timed_out = isinstance(error, MergeTimedOut) and not self._has_timed_out  # every second merge has the whole time
        if str(error) != self._error:
            self._error = str(error)
            self._journal.add_record(self._record(inputs, missing, began, Merge(), self._error))

    def _record(self, inputs: Sequence[RunFile], missing: Sequence[RunFile], began: float, merge: Merge, error: str = "") -> dict[str, Any]:
        """What is reported of a merge that was not accepted."""
        by_path = {file.path: file for file in inputs}
        losses = merge.losses()
        for path, reason in losses.items():
            log.warning("Run %d: left out %s: %s", self._run, path.name, reason)
        included = [by_path[path] for path in merge.included]
        now = time.time()
        return {
            "kind": KIND,
            "at": now,
            "run": self._run,
            "version": 0,
            "name": "",
            "size": 0,
            "began": began,
            "made": now,
            "accepted": False,
            "tried": bool(inputs),
            "error": error,
            "histograms": merge.histograms,
            "resolved": merge.resolved,
            "inputs": [{"host": file.host, "client": file.client, "name": file.path.name, "size": file.size} for file in included],
            "left_out": [{"name": path.name, "reason": reason} for path, reason in losses.items()],
            "missing": [{"host": file.host, "client": file.client, "name": file.path.name} for file in missing],
            "saturated": merge.saturated,
            "saturated_names": merge.saturated_names[:MOST_SATURATED],
        }


def _notes(*texts: str) -> str:
    return "; ".join(filter(None, texts))


def _missing_note(missing: Sequence[RunFile]) -> str:
    return f"clients with snapshots and without a ROOT file: {', '.join(clients_of(missing))}" if missing else ""


def _saturated_note(merge: Merge) -> str:
    what = f"histograms with bin sums above the limit of their type: {merge.saturated}"
    return f"{what}, such as {merge.saturated_names[0]}" if merge.saturated else ""
