"""Registering files: which file holds a run of a dataset. Most files are read at the first access to one of their samples.

A batch is stored completely or not at all; app.gui.files.staging does the same for batches that one short transaction
does not hold.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from peewee import SQL, fn

from app.core.database import one_writer, proxy, rows
from app.core.key_lookup import with_keys
from app.core.urls import is_remote
from app.formats import FORMATS
from app.gui.files.entries import Entry, is_live
from app.gui.models import ACCEPTED, NEW, Dataset, File, Registration, RegistrationEntry, Sample
from app.queue.store import enqueue

IMPORT = "import"
"""Kind of the background job that reads the lists of a file; its key is the id of the file."""

MAX_LIVE_FILES = 10
"""Files of ongoing runs in one call that are read at once; more are a collection, each read at its first access."""

MAX_WHOLE_RUN_FILES = 100
"""Files with lumisections in one call that are read at once."""

_ORDER = 0x445152
"""Number of the lock that gives registrations their order: any that only they use."""

_Key = tuple[int, int, int]
"""Id of a dataset, run, lumisection."""


class Registered(NamedTuple):
    """Counts of registered entries."""

    new: int
    replaced: int  # entries that replaced the file of a known sample
    known: int

    def plus(self, other: Registered) -> Registered:
        """The counts of two batches together."""
        return Registered(self.new + other.new, self.replaced + other.replaced, self.known + other.known)

    def __str__(self) -> str:
        return f"{self.new} new, {self.replaced} moved, {self.known} unchanged"


NOTHING_REGISTERED = Registered(0, 0, 0)


def summary(entries: Sequence[Entry]) -> str:
    """A batch in words, for the audit log: number of files and the first."""
    return f"{len(entries)} files" + (f", the first {entries[0].url}" if entries else "")


def register(entries: Sequence[Entry]) -> Registered:
    """Store a few hundred entries, all of them or (when this raises) none.

    Files of ongoing runs are read by the live queue, files with unknown lumisections by the bulk queue.
    """
    with proxy.atomic():
        in_order()
        replace_staged(entries)
        done = register_batch(entries)
        live = {entry.url for entry in entries if is_live(entry.run, entry.dataset)}
        whole = {entry.url for entry in entries if hides_lumis(entry)}
        read_soon(live if len(live) <= MAX_LIVE_FILES else set(), "live")
        read_soon(whole if len(whole) <= MAX_WHOLE_RUN_FILES else set(), "bulk")
    return done


def in_order() -> None:
    """Let other registrations wait until this transaction ends, so that each is before or after it as a whole."""
    one_writer(_ORDER)


def replace_staged(entries: Sequence[Entry], *earlier: Any) -> None:
    """Delete the staged entries of earlier accepted calls for the samples of these entries."""
    accepted = [number for (number,) in rows(Registration.select(Registration.id).where(Registration.state == ACCEPTED, *earlier))]
    if accepted and entries:
        key = RegistrationEntry.dataset, RegistrationEntry.run, RegistrationEntry.lumi
        of_samples = with_keys([RegistrationEntry.id], key, {entry[:3] for entry in entries})
        staged = of_samples.where(RegistrationEntry.registration.in_(accepted))
        RegistrationEntry.delete().where(RegistrationEntry.id.in_(staged)).execute()


def hides_lumis(entry: Entry) -> bool:
    """Whether only the file knows its lumisections, so that searches do not find them before it is read."""
    return FORMATS[entry.format].has_lumisections and not entry.lumi and not is_remote(entry.url)


def read_soon(urls: set[str], queue_name: str) -> None:
    """Enqueue the reading of registered files."""
    if urls:
        for (file,) in rows(File.select(File.id).where(File.url.in_(list(urls))).order_by(File.id)):
            enqueue(IMPORT, str(file), queue=queue_name)


class _StoredSample(NamedTuple):
    """A sample that is registered already."""

    sample: int
    file: int
    coming: int | None
    namelist: int | None

    @property
    def newest(self) -> int:
        return self.coming or self.file


def register_batch(entries: Sequence[Entry]) -> Registered:
    """Store a few hundred entries within a transaction, after `in_order`, without reading any file."""
    if not entries:
        return NOTHING_REGISTERED
    files = _file_of_each_sample(entries)
    stored = _stored_samples(files)
    known_runs = _known_runs(files)
    new = [key for key in files if key not in stored]
    moved = [key for key in files if key in stored and stored[key].newest != files[key]]
    _insert_samples(new, files)
    for key in moved:
        _move(stored[key], files[key])
    _read_again({files[key] for key in [*new, *moved]})
    forget_files({file for key in moved for file in (stored[key].file, stored[key].coming) if file})
    mark_first({key[:2] for key in new if key[2] or key[:2] in known_runs})
    return Registered(len(new), len(moved), len(entries) - len(new) - len(moved))


def _file_of_each_sample(entries: Sequence[Entry]) -> dict[_Key, int]:
    """The id of the file of each sample; of several entries of a sample the last counts. New datasets and files are stored."""
    latest = {(entry.dataset, entry.run, entry.lumi): entry for entry in entries}
    datasets = _ids(Dataset, Dataset.name, {entry.dataset: {"name": entry.dataset} for entry in latest.values()})
    now = time.time()
    files = _ids(File, File.url, {entry.url: {"url": entry.url, "format": entry.format, "registered": now} for entry in latest.values()})
    return {(datasets[dataset], run, lumi): files[entry.url] for (dataset, run, lumi), entry in latest.items()}


def _ids(table: Any, unique: Any, new_rows: dict[str, dict[str, Any]]) -> dict[str, int]:
    """The id of the row of each unique text; missing rows are inserted."""
    query = table.select(unique, table.id).where(unique.in_(list(new_rows)))
    found = dict(query.tuples())
    if missing := [row for text, row in new_rows.items() if text not in found]:
        table.insert_many(missing).on_conflict_ignore().execute()
        found = dict(query.clone().tuples())
    return found


def _stored_samples(keys: Iterable[_Key]) -> dict[_Key, _StoredSample]:
    """The registered ones of these samples."""
    key = Sample.dataset, Sample.run, Sample.lumi
    found = rows(with_keys([*key, Sample.id, Sample.file, Sample.coming, Sample.namelist], key, keys))
    return {(dataset, run, lumi): _StoredSample(*sample) for dataset, run, lumi, *sample in found}


def _known_runs(keys: Iterable[_Key]) -> set[tuple[int, int]]:
    """The runs of these samples (id of the dataset, run) that have samples."""
    key = Sample.run, Sample.dataset
    found = rows(with_keys(key, key, {(run, dataset) for dataset, run, _ in keys}).where(Sample.first))
    return {(dataset, run) for run, dataset in found}


def _insert_samples(keys: Sequence[_Key], files: dict[_Key, int]) -> None:
    if keys:
        new = [{"dataset": key[0], "run": key[1], "lumi": key[2], "file": files[key], "first": key[2] == 0} for key in keys]
        Sample.insert_many(new).execute()


def _move(sample: _StoredSample, file: int) -> None:
    """Give a sample another file. A stored list stays until that of the new file replaces it."""
    if file == sample.file:
        change: dict[str, Any] = {"coming": None}
    elif sample.namelist is None:
        change = {"file": file, "coming": None, "me_count": None}
    else:
        change = {"coming": file}
    Sample.update(change | {"version": Sample.version + 1}).where(Sample.id == sample.sample).execute()


def _read_again(files: set[int]) -> None:
    """Mark files as unread: those that were read before they had these samples must be read again for them."""
    File.update(state=NEW).where(File.id.in_(list(files)), File.state != NEW).execute()


def forget_files(files: set[int]) -> None:
    """Delete those of these files that no sample uses any more."""
    used = [fn.EXISTS(Sample.select(SQL("1")).where(file == File.id)) for file in (Sample.file, Sample.coming)]
    File.delete().where(File.id.in_(list(files)), *(~each for each in used)).execute()


def mark_first(runs: Iterable[tuple[int, int]]) -> None:
    """Mark the first lumisection of each run (id of the dataset, run) that has MEs or has not been read yet."""
    for dataset, run in runs:
        of_run = Sample.dataset == dataset, Sample.run == run
        has_mes = fn.COALESCE(Sample.me_count, 1) != 0  # or was not read; the others are last
        in_order = Sample.select(Sample.id).order_by(Sample.lumi).limit(1)
        ((first,),) = rows(in_order.where(*of_run, has_mes)) or rows(in_order.where(*of_run))
        Sample.update(first=False).where(*of_run, Sample.first, Sample.id != first).execute()
        Sample.update(first=True).where(Sample.id == first, ~Sample.first).execute()
