"""The catalog of one process: lists of monitor elements (MEs), imported at the first access to a sample.

A list belongs to one version of a file (size and time of change). When the file has changed on disk, or another file was
registered for the sample, the newest file is imported; until then the stored list is shown. Files are read in a child
process if a slot is free, otherwise by the worker.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NamedTuple

from app.core.outages import log_outage, outage_of
from app.core.settings import Settings
from app.core.urls import base_name, without_folder
from app.formats import Columns, Facts, FileVersion, FormatError, Kind, MENames, ServerUnreachable
from app.formats.reals import shortest_real
from app.gui.catalog.importing import import_file, is_retried_soon
from app.gui.catalog.list_cache import ListCache
from app.gui.catalog.stored import StoredFile, StoredSample, find_sample
from app.gui.errors import FileServerUnreachable, ImportFailed, Importing, ImportPostponed, NotInFile, UnknownSample, UnusableFile
from app.gui.files.entries import is_live
from app.gui.files.register import IMPORT
from app.gui.models import FAILED, NEW
from app.gui.samples import SampleKey, datasets_of, lumis_of, runs_of
from app.gui.settings import GuiSettings, readable_roots
from app.queue.models import BackgroundJob
from app.queue.store import enqueue, run_in_thread, wait


class OpenSample(NamedTuple):
    """A sample with its lists."""

    key: SampleKey
    version: int  # grows with each stored list
    url: str
    format: str
    identity: str  # changes with path, size and time of change of the file
    note: str  # why the list is not of the newest file; "" when it is
    unreadable: int  # objects in the file that could not be read
    names: MENames
    columns: Columns
    facts: Facts

    @property
    def file_version(self) -> FileVersion:
        """The version of the file that the list belongs to."""
        _, size, mtime_ns = self.identity.rsplit("\0", 2)
        return FileVersion(int(size), int(mtime_ns))

    def scalar(self, index: int) -> str:
        """The text of a scalar, a real number in its shortest form; the facts have the text of the file."""
        text = self.facts.scalars.get(index, "")
        return shortest_real(text) if self.columns.kind[index] == Kind.FLOAT else text


class Freshness(NamedTuple):
    """State of the file of an ongoing run, for its pages."""

    version: int  # grows with each stored list
    is_importing: bool  # a newer version of the file is being imported
    problem: str  # why the newest version cannot be shown, or ""
    changed: float | None  # time of change of the file that is shown, Unix s UTC; None: no list is stored


class Catalog:
    """The lists in the memory of one process, bounded by `list_cache_mb`, and the import of missing ones."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.roots = readable_roots(settings)
        self.lists = ListCache(settings.of(GuiSettings).list_cache_mb)
        self.slots = settings.of(GuiSettings).import_slots
        self.waiting = threading.BoundedSemaphore(self.slots)
        self.importing: set[int] = set()  # ids of the jobs that threads of this process run

    def open(self, key: SampleKey, wait_s: float, not_older_than: float = 0.0) -> OpenSample:
        """A sample with its lists, after an import of its newest file if that is due.

        Waits up to `wait_s` for the import. The stored list "serves" if it was stored at or after `not_older_than` (Unix s UTC).

        | newest file                                  | stored list serves          | otherwise             |
        | -------------------------------------------- | --------------------------- | --------------------- |
        | imported, has MEs of this sample             | list                        | list                  |
        | still being imported                         | list, note                  | Importing             |
        | imported, has no ME of this sample           | list, note (a)              | ImportFailed          |
        | import failed or was cancelled               | list, note (a)              | ImportFailed          |
        | its readers were killed, a pause goes on     | list, note (b)              | ImportPostponed       |
        | cannot be checked: its server is unreachable | list, note (b)              | FileServerUnreachable |
        | cannot be checked: missing, no permission... | ongoing run: list, note (b) | ImportFailed          |
        | outside the allowed folders                  | ImportFailed                | ImportFailed          |

        (a) When the list is of a file that was registered earlier, or the run is ongoing (b); else ImportFailed.
        (b) When both files are in allowed folders.

        Raises:
            UnknownSample: No such sample is registered.
            Importing, ImportFailed, ImportPostponed, FileServerUnreachable: See the table.
        """
        row = find_sample(key)
        if row is None:
            self.discover(key, wait_s)
            row = self._row(key)
        row, note = self._refresh(key, row, wait_s, not_older_than)
        file, lists = row.listed_file, self.lists.lists_of(row)
        if lists is None or row.namelist is None:  # another list was stored in the meantime
            return self.open(key, wait_s, not_older_than)
        names = self.lists.names_of(row.namelist)
        return OpenSample(key, row.version, file.url, file.format, file.identity, note, file.unreadable, names, lists.columns, lists.facts)

    def discover(self, key: SampleKey, wait_s: float) -> None:
        """Import the file of a run that was never imported, since only the file knows its lumisections. Raises Importing."""
        whole = find_sample(key._replace(lumi=0))
        if whole is None or whole.newest_file.state != NEW or not self.may_read(whole.newest_file.url):
            return
        if job := self._import(key, whole.newest_file, wait_s):
            raise Importing(key, job)

    def may_read(self, url: str) -> bool:
        """Whether a file is in one of the allowed folders."""
        return url.startswith(self.roots)

    def freshness(self, key: SampleKey) -> Freshness:
        """Whether a sample has a newer file, without its lists; a changed file is imported by the worker. Raises UnknownSample."""
        row = self._row(key)
        is_outdated, problem = False, ""
        try:
            is_outdated = self._outdated(key, row.newest_file)
        except ImportFailed as failure:
            problem = failure.reason
        if is_outdated:
            try:
                with _postponing(key, row.newest_file):
                    self._enqueue(key, row.newest_file)
            except ImportPostponed as failure:
                problem = failure.reason
        elif row.newest_file.state == FAILED:
            problem = problem or without_folder(row.newest_file.error, row.newest_file.url)
        mtime_ns = row.listed_file.mtime_ns if row.namelist is not None else None
        return Freshness(row.version, is_outdated, problem, None if mtime_ns is None else mtime_ns / 1e9)

    def _row(self, key: SampleKey) -> StoredSample:
        row = find_sample(key)
        if row is None:
            raise UnknownSample(f"There is no {key}{_similar_samples(key)}")
        return row

    def _refresh(self, key: SampleKey, row: StoredSample, wait_s: float, not_older_than: float) -> tuple[StoredSample, str]:
        """The row after an import that was due, and the note to its list; see the table of `open`."""
        job = None
        try:
            if self._outdated(key, row.newest_file, not_older_than):
                imported = row.newest_file.file
                job = self._import(key, row.newest_file, wait_s)
                row = self._row(key)
                if job is None and row.newest_file.file != imported:  # another one was registered meanwhile
                    return self._refresh(key, row, wait_s, not_older_than)
            return row, _note(key, row, job, not_older_than)
        except ImportFailed as failure:
            if not self._list_replaces(failure, key, row, not_older_than):
                raise
            return row, failure.reason

    def _list_replaces(self, failure: ImportFailed, key: SampleKey, row: StoredSample, not_older_than: float) -> bool:
        """Whether the stored list is shown although the newest file cannot be checked."""
        is_temporary = isinstance(failure, FileServerUnreachable | ImportPostponed) or is_live(key.run, key.dataset)
        is_allowed = self.may_read(row.listed_file.url) and self.may_read(row.newest_file.url)
        return is_temporary and is_allowed and row.serves(not_older_than)

    def _outdated(self, key: SampleKey, file: StoredFile, checked_after: float = 0.0) -> bool:
        if not self.may_read(file.url):  # the setting may have changed since the file was registered
            raise ImportFailed(key, file.url, f"{base_name(file.url)} is in none of the folders that may be read (setting file_roots)")
        try:
            return file.outdated(checked_after)
        except ServerUnreachable as error:
            raise FileServerUnreachable(key, file.url, f"{base_name(file.url)}: {error.strerror}") from error
        except OSError as error:
            raise ImportFailed(key, file.url, f"{base_name(file.url)}: {error.strerror}") from error
        except FormatError as error:
            raise UnusableFile(key, file.url, without_folder(str(error), file.url)) from error

    def _import(self, key: SampleKey, file: StoredFile, wait_s: float) -> BackgroundJob | None:
        """Import a file, here or by the worker, and wait for the end; the job if it has not ended after `wait_s`."""
        with _postponing(key, file):
            return self._import_now(key, file, wait_s)

    def _import_now(self, key: SampleKey, file: StoredFile, wait_s: float) -> BackgroundJob | None:
        if not self.waiting.acquire(blocking=False):
            return self._enqueue(key, file)
        try:
            has_slot = len(self.importing) < self.slots
            job = run_in_thread(IMPORT, str(file.file), self._import_here) if has_slot else self._enqueue(key, file)
            return None if wait(job, wait_s) else job
        finally:
            self.waiting.release()

    def _enqueue(self, key: SampleKey, file: StoredFile) -> BackgroundJob:
        return enqueue(IMPORT, str(file.file), queue="live" if is_live(key.run, key.dataset) else "bulk")

    def _import_here(self, job: BackgroundJob) -> None:
        self.importing.add(job.id)
        try:
            import_file(job, self.settings)
        finally:
            self.importing.discard(job.id)


@contextmanager
def _postponing(key: SampleKey, file: StoredFile) -> Iterator[None]:
    """Raise ImportPostponed if an outage prevents an import."""
    try:
        yield
    except Exception as error:
        outage = outage_of(error)
        if outage is None:
            raise
        log_outage("Files are not read", outage)
        cause = "the disk of DQM Hub is full" if outage.kind == "full" else "its list cannot be stored"
        raise ImportPostponed(key, file.url, f"{base_name(file.url)} cannot be read now: {cause}") from error


def _note(key: SampleKey, row: StoredSample, job: BackgroundJob | None, not_older_than: float) -> str:
    """Why the stored list is not of the newest file, "" when it is. Raises when the list cannot be shown; see `Catalog.open`."""
    newest, serves = row.newest_file, row.serves(not_older_than)
    if job:
        if not serves:
            raise Importing(key, job)
        return f"{base_name(newest.url)} is being read"
    failure = _import_failure(key, row)
    if failure and (newest is row.listed_file or not serves):
        raise failure
    return failure.reason if failure else ""


def _import_failure(key: SampleKey, row: StoredSample) -> ImportFailed | None:
    """Why the newest file has no list of this sample, after its import has ended; None when it has one."""
    file = row.newest_file
    name = base_name(file.url)
    if file.state == FAILED:
        return _failure_of(file)(key, file.url, without_folder(file.error, file.url))
    if file.state == NEW:
        return ImportFailed(key, file.url, f"reading {name} was cancelled or given up; see `dqmhub jobs ls --kind import`")
    if row.namelist is None:
        return NotInFile(key, file.url, f"{name} holds no monitor elements of {key}{_first_lumi(key)}")
    return None


def _failure_of(file: StoredFile) -> type[ImportFailed]:
    """The kind of failure of a file whose last import failed."""
    if is_retried_soon(file.retry_at):
        return ImportPostponed
    return UnusableFile if file.tried and not file.retry_at else ImportFailed  # the latter are tried again


def _first_lumi(key: SampleKey) -> str:
    lumis = [lumi for lumi in lumis_of(key.run, key.dataset) if lumi]
    return f"; the run has {len(lumis)} lumisections, the first is {lumis[0]}" if lumis else ""


def _similar_samples(key: SampleKey) -> str:
    """Samples of the same run or dataset, for the error about a sample that does not exist."""
    same_run, same_dataset = datasets_of(key.run), runs_of(key.dataset, limit=3)
    hint = f"; run {key.run} has {', '.join(same_run[:3])}" if same_run else ""
    return hint + (f"; {key.dataset} has run {', '.join(map(str, same_dataset))}" if same_dataset else "")
