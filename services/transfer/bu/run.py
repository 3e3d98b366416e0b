"""One run on the BU: its concatenations, and its end."""

from __future__ import annotations

import logging
import os
import threading
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from ..concatenation import Concatenation, concatenate
from ..heartbeats import Heartbeats
from ..journal import Journal, JournalFailed
from ..names import TEMPORARY, FileKind, concatenation_name, parse_name
from ..options import Options
from .deliveries import Deliveries
from .end_of_run import KIND as MERGES
from .end_of_run import UNMERGED, EndOfRun, MergedFile
from .inputs import WORK_FOLDER, RunFile, Snapshot, Snapshots, list_files
from .lanes import CONCATENATION, MERGED_FILE, Delivery
from .problems import Problems

KIND = "concatenation"
NEWEST = "newest"
log = logging.getLogger(__name__)


class BuRun:
    """A run whose folder is watched.

    Attributes:
        run: Its number.
        folder: Its folder.
        has_concatenation: Whether this process or an earlier one made a concatenation with MEs.
        problems: The problems of all runs.
    """

    def __init__(
        self,
        run: int,
        folder: Path,
        options: Options,
        journal: Journal,
        heartbeats: Heartbeats,
        problems: Problems,
        stop: threading.Event,
    ) -> None:
        """Continue where an earlier process stopped. Raises JournalFailed."""
        self.run, self.folder, self.problems = run, folder, problems
        self._journal, self._heartbeats = journal, heartbeats
        self._work = folder / WORK_FOLDER
        self._snapshots = Snapshots(folder, run)
        self._end = EndOfRun(run, folder, options, journal, heartbeats, stop)
        self._files: Sequence[RunFile] | None = None
        self._merged_files: list[MergedFile] = []
        self._newest = journal.get(KIND, run, NEWEST)
        self.has_concatenation = bool(self._newest and self._newest["entries"])

    def concatenate(self, deliveries: Deliveries) -> None:
        """Read the folder; make and deliver a concatenation if snapshots changed. Raises `OSError`."""
        self._files = self._list_files()
        self._snapshots.update(self._files)
        if self._is_up_to_date():
            self._deliver(deliveries)
        elif self._snapshots.inputs or self._snapshots.left_out:
            self._concatenate()
            self._deliver(deliveries)
        self._remove_old(deliveries)

    def end_step(self, deliveries: Deliveries) -> None:
        """Merge the files of the run when it is over, and deliver the merged file. Raises `OSError`."""
        if self._files is None:
            return
        self._merged_files += self._end.step(time.monotonic(), self._files)
        while self._merged_files:
            merged_file = self._merged_files[0]
            name, path = merged_file.path.name, os.fspath(merged_file.path)
            deliveries.add(Delivery(self.run, MERGED_FILE, name, path, merged_file.size, merged_file.made, merged_file.version))
            del self._merged_files[0]

    @property
    def is_unmerged(self) -> bool:
        """Whether there are, or may be, ROOT files that are not merged yet."""
        return self._end.state not in ("merged", "over") and (self._files is None or any(map(_is_root_file, self._files)))

    def report_unmerged(self) -> None:
        """Report and log that the folder was removed before its ROOT files were merged."""
        error, now = "its folder was removed before its ROOT files were merged", time.time()
        log.error("Run %d: %s", self.run, error)
        record = {"kind": MERGES, "at": now, "run": self.run, "version": 0, "name": "", "size": 0, "accepted": False, "error": error}
        with suppress(JournalFailed):
            self._journal.add_record(record | {"began": now, "made": now, "inputs": [], "left_out": []})

    def state(self) -> dict[str, Any]:
        """For reports: whether the run goes on, the FUs that still have it, and its problems."""
        error = self.problems.of(self.run)
        return {"run": self.run, "state": self._end.state, "waiting_for": list(self._end.waiting_for), "error": error}

    def _list_files(self) -> list[RunFile]:
        """The files of the run, without those in unreadable folders of clients. Raises `OSError`."""
        unreadable: dict[str, str] = {}
        files = list_files(self.folder, self.run, unreadable)
        if unreadable:
            names = ", ".join(f"{name} ({reason})" for name, reason in sorted(unreadable.items()))
            self.problems.note(self.run, "folders", f"Cannot read folders of run {self.run}: {names}")
        else:
            self.problems.end(self.run, "folders")
        return files

    def _concatenation(self, digest: str) -> Path:
        return self._work / concatenation_name(self.run, digest)

    def _is_up_to_date(self) -> bool:
        """Whether the newest concatenation has all present snapshots."""
        newest = self._newest
        if newest is None or newest["digest"] != self._snapshots.digest:
            return False
        return not newest["entries"] or self._concatenation(newest["digest"]).is_file()

    def _concatenate(self) -> None:
        """Make a concatenation, and note it. It is repeated while a damaged snapshot can be replaced by an older version."""
        began = time.time()
        self._work.mkdir(exist_ok=True)
        while True:
            inputs = self._snapshots.inputs
            result = concatenate([one.path for one in inputs], self._work / concatenation_name(self.run))
            replaced = [self._snapshots.reject(path, reason) for path, reason in result.left_out.items()]
            if not any(replaced):
                break
        document = self._record(result, inputs, began)
        result.path.replace(self._concatenation(document["digest"]))
        self._snapshots.accept([one.path for one in result.included])
        if document["digest"] != (self._newest or {}).get("digest"):
            self._log(document)
            self._store(document)
        self._newest = document
        self.has_concatenation = self.has_concatenation or result.entries > 0

    def _record(self, result: Concatenation, inputs: Sequence[Snapshot], began: float) -> dict[str, Any]:
        """The document and record of a concatenation."""
        by_path = {one.path: one for one in inputs}
        names = {path: f"{one.client or 'unnamed client'} at {one.host}" for path, one in by_path.items()}
        digest = self._snapshots.digest
        return {
            "name": concatenation_name(self.run, digest),
            "digest": digest,
            "size": result.size,
            "entries": result.entries,
            "began": began,
            "made": time.time(),
            "shared": result.shared,
            "examples": [{"name": name, "first": names[one], "second": names[two]} for name, (one, two) in result.examples.items()],
            "inputs": [_input(by_path[one.path], one.entries, one.replaced) for one in result.included],
            "left_out": [{"name": one.name, "reason": reason} for one, reason in self._snapshots.left_out],
        }

    def _store(self, document: dict[str, Any]) -> None:
        """Store and report a concatenation; it is delivered even if this fails."""
        try:
            self._journal.put(KIND, self.run, NEWEST, document, {"kind": KIND, "at": document["made"], "run": self.run, **document})
        except JournalFailed as error:
            log.error("Cannot store a concatenation of run %d in the journal: %s", self.run, error)

    def _log(self, document: dict[str, Any]) -> None:
        what = f"{len(document['inputs'])} snapshots, {document['entries']} MEs, {document['size'] / 1e6:.1f} MB"
        log.info("Run %d: concatenated %s in %.2f s", self.run, what, document["made"] - document["began"])
        for one in document["left_out"]:
            log.warning("Run %d: left out %s: %s", self.run, one["name"], one["reason"])

    def _deliver(self, deliveries: Deliveries) -> None:
        """Deliver the newest concatenation, and link it on this host under the name without hex digits."""
        if not self._newest or not self._newest["entries"]:
            return
        path, plain = self._concatenation(self._newest["digest"]), self.folder / concatenation_name(self.run)
        if not plain.exists() or not plain.samefile(path):
            link = self._work / f"{plain.name}.link{TEMPORARY}"
            link.unlink(missing_ok=True)
            link.hardlink_to(path)
            link.replace(plain)
        document, version = self._newest, self._version_passed(self._newest)
        deliveries.add(Delivery(self.run, CONCATENATION, document["name"], os.fspath(path), document["size"], document["made"], version))

    def _version_passed(self, document: dict[str, Any]) -> int:
        """The version of the newest merge if the run goes on after it and a concatenation is newer; otherwise 0.

        This happens when a heartbeat was missing or hltd was restarted. A late snapshot does not replace a merged file.
        """
        try:
            merges = {int(key): one["made"] for key, one in self._journal.of_run(MERGES, self.run).items() if key != UNMERGED}
        except JournalFailed:
            return 0
        version = max(merges, default=0)
        is_newer = bool(merges) and max(one["arrived"] for one in document["inputs"]) > merges[version]
        if not is_newer or self.run not in self._heartbeats.listed(time.monotonic()):
            self.problems.end(self.run, "goes on")
            return 0
        text = f"Run {self.run} goes on after it was merged: pages show its snapshots again until the next merge"
        self.problems.note(self.run, "goes on", text, level=logging.WARNING)
        return version

    def _remove_old(self, deliveries: Deliveries) -> None:
        """Remove the concatenations that are neither the newest nor to be delivered, and temporary files of earlier processes."""
        newest = self._newest["name"] if self._newest else ""
        for path in self._work.iterdir() if self._work.is_dir() else ():
            parsed = parse_name(path.name)
            is_old = parsed is not None and parsed.kind in (FileKind.CONCATENATION, FileKind.TEMPORARY) and path.name != newest
            if is_old and not deliveries.uses(path):
                with suppress(OSError):
                    path.unlink()


def lacks_merge(folder: Path, run: int, journal: Journal) -> bool:
    """Whether ROOT files came after the newest merge of a run, or after merging was given up. Raises `OSError`."""
    files = list_files(folder, run)
    merges = [file.arrived / 1e9 for file in files if file.kind == FileKind.MERGED_FILE]
    merges += [document["made"] for document in journal.of_run(MERGES, run).values()]
    return any(file.arrived / 1e9 > max(merges, default=0.0) for file in files if _is_root_file(file))


def _is_root_file(file: RunFile) -> bool:
    return file.kind == FileKind.ROOT_FILE


def _input(snapshot: Snapshot, entries: int, replaced: int) -> dict[str, Any]:
    return {
        "host": snapshot.host,
        "client": snapshot.client,
        "size": snapshot.size,
        "arrived": snapshot.arrived / 1e9,
        "entries": entries,
        "replaced": replaced,
    }
