"""The lists of monitor elements (MEs): made at the first access to a sample, stored, and kept in memory while in use.

A list belongs to one version of a file (size and time of change); when the file on disk is another one, or another one was
registered, that is read, and the list that is stored serves meanwhile. Reading happens in a child process of this process
when a place is free, else in the worker.
"""

from __future__ import annotations

import threading
from typing import NamedTuple

import zstandard
from cachetools import LRUCache

from app import queue
from app.core.database import rows
from app.core.settings import Settings
from app.formats import Columns, Facts, FileVersion, FormatError, MENames, ServerUnreachable
from app.gui.catalog.importing import import_file
from app.gui.catalog.stored import Row, Source, find
from app.gui.files.register import IMPORT, is_live
from app.gui.models import FAILED, NEW, Sample
from app.gui.models import NameList as StoredNames
from app.gui.samples import SampleKey, datasets_of, lumis_of, runs_of
from app.gui.settings import GuiSettings, readable_roots
from app.web import Problem


class OpenSample(NamedTuple):
    """A sample with its list. identity: what its plots depend on: the file, its size and its time of change.

    note: why this is not the list of the newest file, "" when it is.
    """

    key: SampleKey
    version: int
    url: str
    format: str
    identity: str
    note: str
    unreadable: int
    names: MENames
    columns: Columns
    facts: Facts

    @property
    def file_version(self) -> FileVersion:
        """The version of the file that the list is of."""
        _, size, mtime_ns = self.identity.rsplit("\0", 2)
        return FileVersion(int(size), int(mtime_ns))


class Lists(NamedTuple):
    """What is kept of one version of a sample; its names are kept beside, for other samples have the same."""

    version: int
    columns: Columns
    facts: Facts


class UnknownSample(Problem):
    """There is no such sample; the message names what there is instead."""

    def __init__(self, key: SampleKey) -> None:
        same_run, same_dataset = datasets_of(key.run), runs_of(key.dataset, limit=3)
        hint = f"; run {key.run} has {', '.join(same_run[:3])}" if same_run else ""
        hint += f"; {key.dataset} has run {', '.join(map(str, same_dataset))}" if same_dataset else ""
        super().__init__(404, f"there is no {key}{hint}")


class Importing(Problem):
    """The list is being made; ask again."""

    def __init__(self, key: SampleKey, found: queue.BackgroundJob) -> None:
        super().__init__(503, f"the list of {key} is being read from its file; ask again in a second", headers={"Retry-After": "1"})
        self.work = found


class ImportFailed(Problem):
    """The file cannot be read: which, and why."""

    def __init__(self, key: SampleKey, url: str, reason: str) -> None:
        super().__init__(502, f"{key} cannot be shown: {reason}")
        self.url = url
        self.reason = reason


class ServerSilent(ImportFailed):
    """The server of a remote file does not answer: what is known of the file may be old."""

    def __init__(self, key: SampleKey, url: str, reason: str) -> None:
        super().__init__(key, url, reason)
        self.status, self.headers = 503, {"Retry-After": "5"}


class Pulse(NamedTuple):
    """What a page that goes on has to know. version: grows with each list that is stored; reading: whether a newer one is being made;
    problem: why there is none; changed: Unix s UTC of the file that is shown, None when nothing is."""

    version: int
    reading: bool
    problem: str
    changed: float | None


class Catalog:
    """The lists in the memory of one process, bounded by `list_cache_mb`, and the making of those that are missing."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.readable = readable_roots(settings)
        quarter = settings.of(GuiSettings).list_cache_mb << 18
        self.samples: LRUCache[tuple[int, str], Lists] = LRUCache(quarter, _bytes_of_lists)
        self.names: LRUCache[int, MENames] = LRUCache(3 * quarter, _bytes_of_names)
        self.lock = threading.Lock()
        self.waiting = threading.BoundedSemaphore(settings.of(GuiSettings).import_slots)
        self.reading: set[int] = set()  # the work that threads of this process do

    def open(self, key: SampleKey, wait_s: float, not_older_than: float = 0.0) -> OpenSample:
        """The sample with its list; waits up to `wait_s` for that of the newest file.

        Then the list that is stored serves, if it was stored after `not_older_than` (Unix s UTC). Raises UnknownSample,
        Importing, ImportFailed.
        """
        row = find(key)
        if row is None:
            self.discover(key, wait_s)
            row = self._row(key)
        job = None
        try:
            if self._outdated(key, row.newest, not_older_than):
                job = self._import(key, row.newest, wait_s)
                row = self._row(key)
            note = self._note(key, row, job, not_older_than)
        except ImportFailed as failed:
            if not self._last_known_serves(key, row, failed, not_older_than):
                raise
            note = failed.reason
        shown = row.shown
        lists = self._lists(row)
        if lists is None or row.namelist is None:  # read again since
            return self.open(key, wait_s, not_older_than)
        names = self.names_of(row.namelist)
        return OpenSample(
            key, row.version, shown.url, shown.format, shown.identity, note, shown.unreadable, names, lists.columns, lists.facts
        )

    def discover(self, key: SampleKey, wait_s: float) -> None:
        """Read the file of a run that was never read, since only it tells which lumisections it has. Raises Importing."""
        whole = find(key._replace(lumi=0))
        if whole and whole.newest.state == NEW and self.may_read(whole.url) and (job := self._import(key, whole.newest, wait_s)):
            raise Importing(key, job)

    def may_read(self, url: str) -> bool:
        """Whether a file is in one of the folders that may be read."""
        return url.startswith(self.readable)

    def pulse(self, key: SampleKey) -> Pulse:
        """Whether there is something newer, at next to no cost; a file that changed is read by the worker. Raises UnknownSample."""
        row = self._row(key)
        reading, problem = False, ""
        try:
            reading = self._outdated(key, row.newest)
        except ImportFailed as failure:
            problem = failure.reason
        if reading:
            self._enqueue(key, row.newest)
        elif row.newest.state == FAILED:
            problem = problem or row.newest.error
        changed = None if row.namelist is None or row.shown.mtime_ns is None else row.shown.mtime_ns / 1e9
        return Pulse(row.version, reading, problem, changed)

    def _last_known_serves(self, key: SampleKey, row: Row, failed: ImportFailed, not_older_than: float) -> bool:
        """Whether what was known last is better than nothing: when a server is silent, and in a run that goes on, whose next file comes."""
        passes = isinstance(failed, ServerSilent) or is_live(key.run, key.dataset)
        return passes and self.may_read(row.shown.url) and self.may_read(row.url) and row.serves(not_older_than)

    def _row(self, key: SampleKey) -> Row:
        row = find(key)
        if row is None:
            raise UnknownSample(key)
        return row

    def _outdated(self, key: SampleKey, source: Source, asked_after: float = 0.0) -> bool:
        if not self.may_read(source.url):  # the setting may be another than when the file was registered
            raise ImportFailed(key, source.url, f"{source.url} is in none of the folders that may be read (setting file_roots)")
        try:
            return source.outdated(asked_after)
        except OSError as error:
            failed = ServerSilent if isinstance(error, ServerUnreachable) else ImportFailed
            raise failed(key, source.url, f"{source.url}: {error.strerror}") from error
        except FormatError as error:
            raise ImportFailed(key, source.url, str(error)) from error

    def _note(self, key: SampleKey, row: Row, job: queue.BackgroundJob | None, not_older_than: float) -> str:
        """Why the list that is stored is not that of the newest file. Raises what there is to say when it cannot serve."""
        newest = row.newest
        fresh = row.serves(not_older_than)
        if job:
            if not fresh:
                raise Importing(key, job)
            return f"{newest.url} is being read"
        if newest.state == FAILED:
            reason = newest.error
        elif newest.state == NEW:
            reason = f"reading {newest.url} was cancelled, or given up; `dqmhub jobs ls --kind import` says more"
        elif row.namelist is None:
            reason = _nothing(key, newest.url)
        else:
            return ""
        if newest is row.shown or not fresh:
            raise ImportFailed(key, newest.url, reason)
        return reason

    def _import(self, key: SampleKey, source: Source, wait_s: float) -> queue.BackgroundJob | None:
        """Have the file read, and wait for it while a place to wait is free; the work when it goes on."""
        if not self.waiting.acquire(blocking=False):
            return self._enqueue(key, source)
        try:
            here = len(self.reading) < self.settings.of(GuiSettings).import_slots
            job = queue.run_in_thread(IMPORT, str(source.file), self._import_here) if here else self._enqueue(key, source)
            return None if queue.wait(job, wait_s) else job
        finally:
            self.waiting.release()

    def _enqueue(self, key: SampleKey, source: Source) -> queue.BackgroundJob:
        return queue.enqueue(IMPORT, str(source.file), queue="live" if is_live(key.run, key.dataset) else "bulk")

    def _import_here(self, job: queue.BackgroundJob) -> None:
        self.reading.add(job.id)
        try:
            import_file(job, self.settings)
        finally:
            self.reading.discard(job.id)

    def _lists(self, row: Row) -> Lists | None:
        """The columns and facts of this version of a sample; None when the database has another version by now."""
        identity = row.shown.identity
        with self.lock:
            if (kept := self.samples.get((row.sample, identity))) is not None and kept.version == row.version:
                return kept
        found = rows(Sample.select(Sample.columns, Sample.facts).where(Sample.id == row.sample, Sample.version == row.version))
        if not found:
            return None
        ((columns, facts),) = found
        lists = Lists(row.version, Columns.unpack(expand(columns)), Facts.unpack(expand(facts)))
        with self.lock:
            if _bytes_of_lists(lists) <= self.samples.maxsize:
                self.samples[row.sample, identity] = lists
        return lists

    def names_of(self, namelist: int) -> MENames:
        """A stored list of names."""
        with self.lock:
            if (names := self.names.get(namelist)) is not None:
                return names
        ((blob,),) = rows(StoredNames.select(StoredNames.blob).where(StoredNames.id == namelist))
        names = MENames.unpack(expand(blob))
        with self.lock:
            if _bytes_of_names(names) <= self.names.maxsize:
                self.names[namelist] = names
        return names


def _bytes_of_lists(lists: Lists) -> int:
    """Memory of a sample without its names: 27 bytes of columns for each ME, and some 500 for each fact."""
    return 1000 + 27 * len(lists.columns) + 500 * (len(lists.facts.scalars) + len(lists.facts.qtests))


def _bytes_of_names(names: MENames) -> int:
    """Memory of a list: the names twice, for a search keeps them in lower case, and four bytes for where each begins."""
    return 1000 + 2 * len(names.pack()) + 4 * len(names)


def expand(blob: bytes | memoryview) -> bytes:
    """A stored blob as it was before compression."""
    return zstandard.ZstdDecompressor().decompress(bytes(blob))


def _nothing(key: SampleKey, url: str) -> str:
    """What is said of a sample that its file has nothing of."""
    lumis = [lumi for lumi in lumis_of(key.run, key.dataset) if lumi]
    hint = f"; there are {len(lumis)} lumisections of the run, the first is {lumis[0]}" if lumis else ""
    return f"{url} holds no monitor elements of {key}{hint}"
