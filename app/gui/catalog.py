"""The lists of monitor elements (MEs): made at the first access to a sample, stored, and kept in memory while in use.

A list belongs to one version of a file (size and time of change); when the file on disk is another one, it is read
again. Reading happens in a child process of this process when a place is free, else in the worker.
"""

from __future__ import annotations

import os
import threading
from pathlib import Path
from typing import NamedTuple

import zstandard
from cachetools import LRUCache
from peewee import JOIN, Query

from app import work
from app.database import prepared, proxy, rows
from app.formats import Columns, Facts, NameList
from app.gui.models import FAILED, NEW, READY, Dataset, File, Sample
from app.gui.models import NameList as StoredNames
from app.gui.reader import StoredListing, Unreadable, read
from app.gui.samples import SampleKey, datasets_of, runs_of
from app.settings import Settings
from app.web import Problem

IMPORT = "import"
"""Kind of the work that reads the list of a file; its key is the id of the file."""


class OpenSample(NamedTuple):
    """A sample with its list. identity: what its plots depend on: the file, its size and its time of change."""

    key: SampleKey
    version: int
    url: str
    format: str
    identity: str
    unreadable: int
    names: NameList
    columns: Columns
    facts: Facts


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

    def __init__(self, key: SampleKey, found: work.Work) -> None:
        super().__init__(503, f"the list of {key} is being read from its file; ask again in a second", headers={"Retry-After": "1"})
        self.work = found


class ImportFailed(Problem):
    """The file cannot be read: which, and why."""

    def __init__(self, key: SampleKey, url: str, reason: str) -> None:
        super().__init__(502, f"{key} cannot be shown: {reason}")
        self.url = url


class Row(NamedTuple):
    """What the database has of a sample, without its blobs."""

    sample: int
    version: int
    namelist: int | None
    file: int
    url: str
    format: str
    size: int | None
    mtime_ns: int | None
    state: str
    error: str
    unreadable: int


class Catalog:
    """The lists in the memory of one process, bounded by `list_cache_mb`, and the making of those that are missing."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.roots = tuple(f"{root}/" for root in settings.roots)
        quarter = settings.list_cache_mb << 18
        self.samples: LRUCache[tuple[int, str], Lists] = LRUCache(quarter, _bytes_of_lists)
        self.names: LRUCache[int, NameList] = LRUCache(3 * quarter, _bytes_of_names)
        self.lock = threading.Lock()
        self.waiting = threading.BoundedSemaphore(settings.import_slots)
        self.reading: set[int] = set()  # the work that threads of this process do

    def open(self, key: SampleKey, wait_s: float) -> OpenSample:
        """The sample with its list; waits up to `wait_s` for a list that is not there yet.

        Raises UnknownSample, Importing, ImportFailed.
        """
        row = self._ready(key, wait_s)
        identity = f"{row.url}\0{row.size}\0{row.mtime_ns}"
        lists = self._lists(row, identity)
        if lists is None:  # read again since
            return self.open(key, wait_s)
        assert row.namelist is not None
        names = self.names_of(row.namelist)
        return OpenSample(key, row.version, row.url, row.format, identity, row.unreadable, names, lists.columns, lists.facts)

    def may_read(self, url: str) -> bool:
        """Whether a file is in one of the folders that may be read."""
        return url.startswith(self.roots)

    def _ready(self, key: SampleKey, wait_s: float) -> Row:
        """The row of a sample whose list is that of the file as it is now."""
        row = find(key)
        if row is None:
            raise UnknownSample(key)
        if not self.may_read(row.url):  # the setting may be another than when the file was registered
            raise ImportFailed(key, row.url, f"{row.url} is in none of the folders that may be read (setting file_roots)")
        if not self._is_read(key, row):
            self._import(key, row, wait_s)
            row = find(key)
            if row is None:
                raise UnknownSample(key)
        if row.state == FAILED:
            raise ImportFailed(key, row.url, row.error)
        if row.state == NEW:
            raise ImportFailed(key, row.url, f"reading {row.url} was cancelled, or given up; `dqmhub work ls --kind import` says more")
        if row.namelist is None:
            raise ImportFailed(key, row.url, f"{row.url} holds no monitor elements of {key}")
        return row

    def _is_read(self, key: SampleKey, row: Row) -> bool:
        try:
            now = os.stat(row.url)
        except OSError as error:
            raise ImportFailed(key, row.url, f"{row.url}: {error.strerror}") from error
        return row.state in (READY, FAILED) and (row.size, row.mtime_ns) == (now.st_size, now.st_mtime_ns)

    def _import(self, key: SampleKey, row: Row, wait_s: float) -> None:
        """Have the file read, and wait for it while a place to wait is free."""
        if not self.waiting.acquire(blocking=False):
            raise Importing(key, work.enqueue(IMPORT, str(row.file)))
        try:
            here = len(self.reading) < self.settings.import_slots
            job = work.run_here(IMPORT, str(row.file), self._import_here) if here else work.enqueue(IMPORT, str(row.file))
            if not work.wait(job, wait_s):
                raise Importing(key, job)
        finally:
            self.waiting.release()

    def _import_here(self, job: work.Work) -> None:
        self.reading.add(job.id)
        try:
            import_file(job, self.settings)
        finally:
            self.reading.discard(job.id)

    def _lists(self, row: Row, identity: str) -> Lists | None:
        """The columns and facts of this version of a sample; None when the database has another version by now."""
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

    def names_of(self, namelist: int) -> NameList:
        """A stored list of names."""
        with self.lock:
            if (names := self.names.get(namelist)) is not None:
                return names
        ((blob,),) = rows(StoredNames.select(StoredNames.blob).where(StoredNames.id == namelist))
        names = NameList.unpack(expand(blob))
        with self.lock:
            if _bytes_of_names(names) <= self.names.maxsize:
                self.names[namelist] = names
        return names


def _bytes_of_lists(lists: Lists) -> int:
    """Memory of a sample without its names: 22 bytes of columns for each ME, and some 500 for each fact."""
    return 1000 + 22 * len(lists.columns) + 500 * (len(lists.facts.scalars) + len(lists.facts.qtests))


def _bytes_of_names(names: NameList) -> int:
    """Memory of a list: the names twice, for a search keeps them in lower case, and four bytes for where each begins."""
    return 1000 + 2 * len(names.pack()) + 4 * len(names)


def expand(blob: bytes | memoryview) -> bytes:
    """A stored blob as it was before compression."""
    return zstandard.ZstdDecompressor().decompress(bytes(blob))


@prepared
def _find() -> Query:
    query = Sample.select(
        Sample.id, Sample.version, Sample.namelist, File.id, File.url, File.format,
        File.size, File.mtime_ns, File.state, File.error, File.unreadable,
    )  # fmt: skip
    query = query.join(Dataset, JOIN.INNER, on=(Sample.dataset == Dataset.id)).join(File, JOIN.INNER, on=(Sample.file == File.id))
    return query.where(Dataset.name == "", Sample.run == 0, Sample.lumi == 0)


def find(key: SampleKey) -> Row | None:
    """What the database has of a sample."""
    found = _find(key.dataset, key.run, key.lumi)
    return Row(*found[0]) if found else None


def import_file(job: work.Work, settings: Settings) -> None:
    """Read the lists of a file, whose id is the key of the work, and store them, or the reason why they cannot be read. Safe to do twice."""
    file = File.get_or_none(File.id == int(job.key))
    if file is None:  # its samples were registered with another file meanwhile
        return
    try:
        now = os.stat(file.url)
        _allowed(Path(file.url), settings)
        work.report(job, 0.1, f"{now.st_size / 1e6:,.1f} MB.")
        listings = read(file.url, file.format, settings.import_memory_mb, settings.import_cpu_s)
    except OSError as error:
        _failed(file, None, f"{file.url}: {error.strerror}")
    except Unreadable as error:
        _failed(file, now, str(error))
    else:
        work.report(job, 0.9, f"{sum(listing.me_count for listing in listings):,} monitor elements are stored.")
        _store(file, now, listings)


def _allowed(path: Path, settings: Settings) -> None:
    """A link may have been laid since the file was registered: what is read is below the roots, too."""
    if not any(path.resolve().is_relative_to(root) for root in settings.roots):
        raise Unreadable(f"{path} leads out of the folders that may be read (file_roots)")


def _failed(file: File, now: os.stat_result | None, reason: str) -> None:
    File.update(state=FAILED, error=reason, size=now and now.st_size, mtime_ns=now and now.st_mtime_ns).where(File.id == file.id).execute()


def _store(file: File, now: os.stat_result, listings: list[StoredListing]) -> None:
    """All samples of the file at once, so that no page sees half of it."""
    found = {(listing.run, listing.lumi): listing for listing in listings}
    unreadable = sum(listing.unreadable for listing in listings)
    with proxy.atomic():
        for sample in Sample.select(Sample.id, Sample.run, Sample.lumi).where(Sample.file == file.id):
            listing = _listing_of(found, sample.run, sample.lumi)
            Sample.update(
                namelist=listing and _stored_names(listing),
                columns=listing and listing.columns,
                facts=listing and listing.facts,
                me_count=listing.me_count if listing else 0,
                version=Sample.version + 1,
            ).where(Sample.id == sample.id).execute()
        File.update(state=READY, error="", size=now.st_size, mtime_ns=now.st_mtime_ns, unreadable=unreadable).where(
            File.id == file.id
        ).execute()


def _listing_of(found: dict[tuple[int, int], StoredListing], run: int, lumi: int) -> StoredListing | None:
    """The list of a sample in its file: that of its run, else the only one there is (a multi-run harvest names one run itself)."""
    return found.get((run, lumi)) or (next(iter(found.values())) if len(found) == 1 else None)


def _stored_names(listing: StoredListing) -> int:
    """The id of the name list, which samples with the same names share."""
    StoredNames.insert(sha256=listing.sha256, blob=listing.names, count=listing.me_count).on_conflict_ignore().execute()
    ((found,),) = rows(StoredNames.select(StoredNames.id).where(StoredNames.sha256 == listing.sha256))
    return int(found)


def forget_names() -> int:
    """Remove the name lists that no sample has any more, since its file is another one; how many went."""
    used = Sample.select(Sample.namelist).where(Sample.namelist.is_null(False))
    gone: int = StoredNames.delete().where(StoredNames.id.not_in(used)).execute()
    return gone


def retry(file_id: int) -> None:
    """Forget that a file could not be read, so that the next access reads it again."""
    File.update(size=None, mtime_ns=None).where(File.id == file_id).execute()
