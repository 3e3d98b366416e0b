"""Reading the lists of a file and storing them: all of its samples at once, so that no page sees half of it."""

from __future__ import annotations

import os
import time
from typing import Any

from peewee import EXCLUDED, chunked

from app import queue
from app.core.database import proxy, rows
from app.core.settings import Settings
from app.core.urls import is_remote
from app.formats import FileVersion, FormatError, file_version
from app.gui.catalog.reader import Contents, StoredListing, Unreadable, read
from app.gui.files.register import forget_files, mark_first
from app.gui.models import FAILED, NEW, READY, File, NameList, Sample
from app.gui.settings import GuiSettings, readable_roots

ROUNDS = 3
"""Times that a file is read in a row that is written anew meanwhile."""

BATCH = 200
"""Samples that are stored with one statement."""


def import_file(job: queue.BackgroundJob, settings: Settings) -> None:
    """Read the lists of a file, whose id is the key of the work, and store them, or the reason why they cannot be read. Safe to do twice."""
    for _ in range(ROUNDS):
        file = File.get_or_none(File.id == int(job.key))
        if file is None or not _due(file):  # its samples have another file by now, or another worker was faster
            return
        if not _import(job, file, settings):
            return


def _due(file: File) -> bool:
    try:
        return outdated(file.url, file.state, file.tried, (file.size, file.mtime_ns))
    except (OSError, FormatError):
        return file.state == NEW  # for the reason to be stored


def outdated(url: str, state: str, tried: str, listed: tuple[int | None, int | None], asked_after: float = 0.0) -> bool:
    """Whether a file has to be read (again), by what is stored of it and the version that it has after `asked_after` (Unix s UTC).

    Raises OSError and FormatError when it cannot be looked at.
    """
    now = file_version(url, asked_after)
    return tried != text_of(now) if state == FAILED else state == NEW or listed != now


def text_of(version: FileVersion) -> str:
    """A version as it is stored in `File.tried`."""
    return f"{version.size} {version.mtime_ns}"


def _import(job: queue.BackgroundJob, file: File, settings: Settings) -> bool:
    """Whether its lists were stored. What cannot be opened now may be the next time that somebody looks; what cannot be used stays so."""
    now = None
    try:
        now = file_version(file.url)
        _allowed(file.url, settings)
        queue.report(job, 0.1, f"{now.size / 1e6:,.1f} MB.")
        contents = read(
            file.url,
            file.format,
            settings.of(GuiSettings).import_memory_mb,
            settings.of(GuiSettings).import_cpu_s,
            settings.of(GuiSettings).remote_timeout_s,
        )
    except OSError as error:
        _failed(file, None, f"{file.url}: {error.strerror}")
    except (Unreadable, FormatError) as error:
        _failed(file, now, str(error))
    else:
        queue.report(job, 0.9, f"{sum(listing.me_count for listing in contents.listings):,} monitor elements are stored.")
        store(file, now, contents)
        return True
    return False


def _allowed(url: str, settings: Settings) -> None:
    """A link may have been laid since the file was registered: what is read is below the roots, too."""
    if not (url if is_remote(url) else os.path.realpath(url)).startswith(readable_roots(settings)):
        raise Unreadable(f"{url} leads out of the folders that may be read (file_roots)")


def _failed(file: File, now: FileVersion | None, reason: str) -> None:
    File.update(state=FAILED, error=reason, tried=text_of(now) if now else "").where(File.id == file.id).execute()


def store(file: File, now: FileVersion, contents: Contents) -> None:
    """All that the file holds: what is registered, and what else is found of its datasets; the rest of its samples lose their lists."""
    with proxy.atomic():
        registered = rows(Sample.select(Sample.dataset, Sample.run, Sample.lumi, Sample.id, Sample.file).where(_of(file)))
        found = {(listing.run, listing.lumi): listing for listing in contents.listings}
        wanted = _wanted({key[:3] for key in registered}, found)
        names = _stored_names(contents.names)
        for batch in chunked(wanted.items(), BATCH):
            _store_samples(file, [_row(file, key, listing, names) for key, listing in batch])
        gone = [sample for *key, sample, _ in registered if tuple(key) not in wanted]
        nothing = {"namelist": None, "columns": None, "facts": None, "me_count": 0, "file": file.id, "coming": None}
        for ids in chunked(gone, BATCH):
            Sample.update(nothing | {"version": Sample.version + 1}).where(Sample.id.in_(ids)).execute()
        known = {"size": now.size, "mtime_ns": now.mtime_ns, "unreadable": contents.unreadable, "listed": time.time()}
        File.update(known | {"state": READY, "error": "", "tried": ""}).where(File.id == file.id).execute()
        forget_files({before for *_, before in registered} - {file.id})
        mark_first({(dataset, run) for dataset, run, lumi in [*wanted, *(key[:3] for key in registered)] if lumi or gone})


def _of(file: File) -> Any:
    """The samples whose newest file this is."""
    return (Sample.coming == file.id) | (Sample.file == file.id) & Sample.coming.is_null()


def _wanted(
    registered: set[tuple[int, int, int]], found: dict[tuple[int, int], StoredListing]
) -> dict[tuple[int, int, int], StoredListing]:
    """The lists of a file by dataset, run and lumisection.

    The only list of a file that does not name its run, or names another one than was registered (as a harvest of many runs does),
    is that of the samples that were registered.
    """
    if len(found) == 1 and ((0, 0) in found or not any(key[1:] in found for key in registered)):
        (((run, lumi), listing),) = found.items()
        takers = {key for key in registered if not lumi and (not run or not key[2])}
        if takers:
            return dict.fromkeys(takers, listing)
    datasets = {dataset for dataset, _, _ in registered}
    return {(dataset, *key): listing for dataset in datasets for key, listing in found.items()}


def _stored_names(names: dict[str, tuple[int, bytes]]) -> dict[str, int]:
    """The ids of the name lists by their hashes; samples with the same names share one."""
    for batch in chunked(names.items(), BATCH):
        new = [{"sha256": sha256, "count": count, "blob": blob} for sha256, (count, blob) in batch]
        NameList.insert_many(new).on_conflict_ignore().execute()
    stored: dict[str, int] = {}
    for some in chunked(names, BATCH):
        stored |= dict(rows(NameList.select(NameList.sha256, NameList.id).where(NameList.sha256.in_(some))))
    return stored


def _row(file: File, key: tuple[int, int, int], listing: StoredListing, names: dict[str, int]) -> dict[str, Any]:
    dataset, run, lumi = key
    return {
        "dataset": dataset, "run": run, "lumi": lumi, "file": file.id, "namelist": names[listing.sha256],
        "columns": listing.columns, "facts": listing.facts, "me_count": listing.me_count, "first": lumi == 0,
    }  # fmt: skip


def _store_samples(file: File, new: list[dict[str, Any]]) -> None:
    """Samples that are new are made; those that are registered with another file are left to it."""
    kept = {name: getattr(EXCLUDED, name) for name in ("file_id", "namelist_id", "columns", "facts", "me_count")}
    update = {getattr(Sample, name.removesuffix("_id")): value for name, value in kept.items()}
    Sample.insert_many(new).on_conflict(
        conflict_target=[Sample.dataset, Sample.run, Sample.lumi],
        update={**update, Sample.coming: None, Sample.version: Sample.version + 1},
        where=_of(file),
    ).execute()


def forget_names() -> int:
    """Remove the name lists that no sample has any more, since its file is another one; how many went."""
    used = Sample.select(Sample.namelist).where(Sample.namelist.is_null(False))
    gone: int = NameList.delete().where(NameList.id.not_in(used)).execute()
    return gone
