"""Storing the lists of a file for all of its samples, in one transaction or, when they are many, in several short ones.

Several transactions must not show a list of one version of the file with the size and time of change of another: the
bytes of a plot would be read from wrong places. So first the file is marked as unread and its samples lose the lists of
another version, then the new version is stored, and then its lists. If the process dies, all of it is stored again.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, TypeVar

from peewee import EXCLUDED, SQL, chunked, fn

from app.core.database import proxy, rows
from app.core.short_writes import delete_rows, short_transactions
from app.formats import FileVersion
from app.gui.catalog.reader import Contents, StoredListing
from app.gui.files.register import forget_files, mark_first
from app.gui.models import NEW, READY, File, NameList, Sample

STORED = ("file_id", "namelist_id", "columns", "facts", "me_count", "errors", "warnings")
"""Columns of a sample that an import replaces."""

BATCH = 200
"""Samples that are stored with one statement, and at most in one transaction."""

NO_LIST: dict[str, Any] = dict.fromkeys(("namelist", "columns", "facts", "me_count", "errors", "warnings"))

_Key = tuple[int, int, int]
"""Id of a dataset, run, lumisection."""

Item = TypeVar("Item")
Write = Callable[[Sequence[Item], Callable[[Sequence[Item]], object]], None]
"""Calls a function with some of the items at a time until all are stored."""


class StoredMeanwhile(Exception):
    """Another process stores another version of the same file."""


def store(file: File, version: FileVersion, contents: Contents) -> None:
    """Store the lists of all samples in a file: the registered ones and others of the same datasets.

    Registered samples that the file does not contain lose their lists. If samples were registered meanwhile, the file stays
    unread, and has to be imported again for them. Raises StoredMeanwhile.
    """
    registered = _registered(file)
    if len(contents.listings) + len(registered) <= BATCH:
        with proxy.atomic():
            _store(file, version, contents, _at_once)
        return
    _forget_other_version(file, version)
    _store(file, version, contents, partial(_in_short_transactions, file, version))


def _at_once(items: Sequence[Item], write: Callable[[Sequence[Item]], object]) -> None:
    for batch in chunked(items, BATCH):
        write(batch)


def _in_short_transactions(file: File, version: FileVersion, items: Sequence[Item], write: Callable[[Sequence[Item]], object]) -> None:
    is_ours = File.id == file.id, File.size == version.size, File.mtime_ns == version.mtime_ns

    def checked(some: Sequence[Item]) -> None:
        if not File.update(state=NEW).where(*is_ours).execute():
            raise StoredMeanwhile(f"Another process stores another version of {file.url}")
        write(some)

    for _ in short_transactions(items, checked, BATCH):
        pass


def _registered(file: File) -> list[tuple[int, int, int, int, int]]:
    """Dataset, run, lumisection, id and present file of the samples of a file."""
    return rows(Sample.select(Sample.dataset, Sample.run, Sample.lumi, Sample.id, Sample.file).where(_newest_file_is(file)))


def _assigned(registered: Sequence[tuple[int, ...]], contents: Contents) -> dict[_Key, StoredListing]:
    listings = {(listing.run, listing.lumi): listing for listing in contents.listings}
    return _assign({(dataset, run, lumi) for dataset, run, lumi, *_ in registered}, listings)


def _forget_other_version(file: File, version: FileVersion) -> None:
    """Mark this version of the file as unread, and remove the lists of other versions."""
    File.update(state=NEW).where(File.id == file.id).execute()
    if (file.size, file.mtime_ns) == version:
        return
    listed = Sample.file == file.id, Sample.namelist.is_null(False)
    samples = [sample for (sample,) in rows(Sample.select(Sample.id).where(*listed))]
    change = Sample.update(NO_LIST | {"version": Sample.version + 1})
    for _ in short_transactions(samples, lambda some: change.where(Sample.id.in_(list(some)), *listed).execute()):
        pass
    with proxy.atomic():
        change.where(*listed).execute()  # those that another process has stored since
        File.update(size=version.size, mtime_ns=version.mtime_ns, state=NEW).where(File.id == file.id).execute()


def _store(file: File, version: FileVersion, contents: Contents, write: Write[Any]) -> None:
    registered = _registered(file)
    listings = _assigned(registered, contents)
    namelists = _store_names(contents.names, write)
    write(list(listings.items()), lambda some: _store_samples(file, [_row(file, key, listing, namelists) for key, listing in some]))
    missing = [sample for *key, sample, _ in registered if tuple(key) not in listings]
    write(missing, lambda some: _clear_samples(file, some))
    runs = {(dataset, run) for dataset, run, lumi in [*listings, *(key[:3] for key in registered)] if lumi or missing}
    write(sorted(runs), mark_first)
    write(sorted({previous for *_, previous in registered} - {file.id}), lambda some: forget_files(set(some)))
    write([listings.keys()], lambda _: _finish(file, version, contents, set(listings)))


def _finish(file: File, version: FileVersion, contents: Contents, stored: set[_Key]) -> None:
    """Mark the file as read, unless samples were registered meanwhile, which need it again; within a transaction."""
    if _assigned(_registered(file), contents).keys() <= stored:
        change = {"size": version.size, "mtime_ns": version.mtime_ns, "unreadable": contents.unreadable, "listed": time.time()}
        File.update(change | {"state": READY, "error": "", "tried": "", "retry_at": 0.0}).where(File.id == file.id).execute()


def _newest_file_is(file: File) -> Any:
    """A condition on samples."""
    return (Sample.coming == file.id) | (Sample.file == file.id) & Sample.coming.is_null()


def _clear_samples(file: File, samples: Sequence[int]) -> None:
    """Remove the lists of samples that their file does not contain."""
    change = NO_LIST | {"me_count": 0, "file": file.id, "coming": None, "version": Sample.version + 1}
    Sample.update(change).where(Sample.id.in_(list(samples)), _newest_file_is(file)).execute()


def _assign(registered: set[_Key], listings: dict[tuple[int, int], StoredListing]) -> dict[_Key, StoredListing]:
    """The lists of a file by dataset, run and lumisection.

    A file with one list that names no run, or another run than was registered (as a harvest of many runs does), has the
    list of the registered samples.
    """
    if len(listings) == 1 and ((0, 0) in listings or not any(key[1:] in listings for key in registered)):
        (((run, lumi), listing),) = listings.items()
        samples = {key for key in registered if not lumi and (not run or not key[2])}
        if samples:
            return dict.fromkeys(samples, listing)
    datasets = {dataset for dataset, _, _ in registered}
    return {(dataset, *key): listing for dataset in datasets for key, listing in listings.items()}


def _store_names(names: dict[str, tuple[int, bytes]], write: Write[Any]) -> dict[str, int]:
    """The ids of name lists by their hashes; samples with the same names share one."""

    def store_some(some: Sequence[tuple[str, tuple[int, bytes]]]) -> None:
        new = [{"sha256": sha256, "count": count, "blob": blob} for sha256, (count, blob) in some]
        NameList.insert_many(new).on_conflict_ignore().execute()

    write(list(names.items()), store_some)
    ids: dict[str, int] = {}
    for hashes in chunked(names, BATCH):
        ids |= dict(rows(NameList.select(NameList.sha256, NameList.id).where(NameList.sha256.in_(hashes))))
    return ids


def _row(file: File, key: _Key, listing: StoredListing, namelists: dict[str, int]) -> dict[str, Any]:
    dataset, run, lumi = key
    return {
        "dataset": dataset,
        "run": run,
        "lumi": lumi,
        "file": file.id,
        "namelist": namelists[listing.sha256],
        "columns": listing.columns,
        "facts": listing.facts,
        "me_count": listing.me_count,
        "errors": listing.errors,
        "warnings": listing.warnings,
        "first": lumi == 0,
    }


def _store_samples(file: File, new: list[dict[str, Any]]) -> None:
    """Insert new samples and update those of this file; samples that are registered with another file stay."""
    changed = {name: getattr(EXCLUDED, name) for name in STORED}
    update = {getattr(Sample, name.removesuffix("_id")): value for name, value in changed.items()}
    Sample.insert_many(new).on_conflict(
        conflict_target=[Sample.dataset, Sample.run, Sample.lumi],
        update={**update, Sample.coming: None, Sample.version: Sample.version + 1},
        where=_newest_file_is(file),
    ).execute()


def forget_names() -> int:
    """Delete the name lists that no sample uses any more; returns their number."""
    return delete_rows(NameList, ~fn.EXISTS(Sample.select(SQL("1")).where(Sample.namelist == NameList.id)))
