"""Importing a file: its lists are read and stored for all of its samples in one transaction."""

from __future__ import annotations

import os
import time
from typing import Any

from peewee import EXCLUDED, SQL, chunked, fn

from app.core.database import proxy, rows
from app.core.settings import Settings
from app.core.short_writes import delete_rows
from app.core.urls import is_remote
from app.formats import FileVersion, FormatError, file_version
from app.gui.catalog.reader import Contents, ReaderLost, ReadingInterrupted, StoredListing, Unreadable, read
from app.gui.files.register import forget_files, mark_first
from app.gui.models import FAILED, NEW, READY, File, NameList, Sample
from app.gui.settings import GuiSettings, readable_roots
from app.queue.execution import report
from app.queue.models import ATTEMPTS, BackgroundJob, JobFailed

MAX_ROUNDS = 3
"""Imports of a file in a row when it changes while it is read."""

RETRY_S = 3600.0
"""A file that was not read for reasons outside of it, in all attempts of a job, is read again after this time."""

LOST_RETRY_S = 86400.0
"""The same for a file that met a limit, or at which the reading process crashed."""

STORED = ("file_id", "namelist_id", "columns", "facts", "me_count", "errors", "warnings")
"""Columns of a sample that an import replaces."""

BATCH = 200
"""Samples that are stored with one statement."""

_Key = tuple[int, int, int]
"""Id of a dataset, run, lumisection."""


def import_file(job: BackgroundJob, settings: Settings) -> None:
    """Read the lists of a file and store them, or the reason why it cannot be read.

    The key of the job is the id of the file. Running it twice stores the same.
    """
    for _ in range(MAX_ROUNDS):
        file = File.get_or_none(File.id == int(job.key))
        if file is None or not _is_due(file):  # its samples have another file by now, or another worker was faster
            return
        if not _import(job, file, settings):
            return


def _is_due(file: File) -> bool:
    try:
        return outdated(file.url, file.state, file.tried, (file.size, file.mtime_ns), retry_at=file.retry_at)
    except (OSError, FormatError):
        return file.state == NEW  # the import stores the reason


def outdated(
    url: str,
    state: str,
    tried: str,
    listed: tuple[int | None, int | None],
    checked_after: float = 0.0,
    *,
    retry_at: float = 0.0,
) -> bool:
    """Whether a file must be imported.

    Args:
        url: The file.
        state: Its stored state.
        tried: The version of the last failed import.
        listed: Size and time of change of the version with stored lists.
        checked_after: The current version must have been checked at or after this time, Unix s UTC.
        retry_at: When the version of the last failed import is read again, Unix s UTC; 0: never.

    Raises OSError and FormatError when the file cannot be checked.
    """
    now = file_version(url, checked_after)
    if state == FAILED:
        return tried != version_text(now) or _is_retried(retry_at)
    return state == NEW or listed != now


def _is_retried(retry_at: float) -> bool:
    wait_s = retry_at - time.time()
    return retry_at > 0 and not 0 < wait_s <= LOST_RETRY_S  # a longer wait means that the clock was set back


def version_text(version: FileVersion) -> str:
    """A version in the form of `File.tried`."""
    return f"{version.size} {version.mtime_ns}"


def _import(job: BackgroundJob, file: File, settings: Settings) -> bool:
    """Import a file once; whether its lists were stored.

    A file that cannot be opened is tried again at the next access, a file that cannot be used only when it changes. For
    reasons outside of the file the attempt of the job fails, and nothing is stored about the file until the last one.
    """
    version = None
    gui = settings.of(GuiSettings)
    try:
        _check_location(file.url, settings)
        version = file_version(file.url)
        report(job, 0.1, f"{version.size / 1e6:,.1f} MB.")
        contents = read(file.url, file.format, gui.import_memory_mb, gui.import_cpu_s, gui.remote_timeout_s)
    except OSError as error:
        _store_failure(file, None, f"{file.url}: {error.strerror}")
    except ReadingInterrupted as error:
        if job.attempts < ATTEMPTS:
            raise
        _store_failure(file, version, f"{error}, {ATTEMPTS} times; it is read again an hour later", RETRY_S)
        raise JobFailed(str(error)) from error
    except ReaderLost as error:
        _store_failure(file, version, str(error), LOST_RETRY_S)
    except (Unreadable, FormatError) as error:
        _store_failure(file, version, str(error))
    else:
        report(job, 0.9, f"Storing {sum(listing.me_count for listing in contents.listings):,} monitor elements.")
        store(file, version, contents)
        return True
    return False


def _check_location(url: str, settings: Settings) -> None:
    """Raise Unreadable for a file outside the roots: a link may have been made since it was registered."""
    if not (url if is_remote(url) else os.path.realpath(url)).startswith(readable_roots(settings)):
        raise Unreadable(f"{url} leads out of the folders that may be read (file_roots)")


def _store_failure(file: File, version: FileVersion | None, reason: str, retry_s: float | None = None) -> None:
    retry_at = time.time() + retry_s if retry_s else 0.0
    change = {"state": FAILED, "error": reason, "tried": version_text(version) if version else "", "retry_at": retry_at}
    File.update(change).where(File.id == file.id).execute()


def store(file: File, version: FileVersion, contents: Contents) -> None:
    """Store the lists of all samples in a file: the registered ones and others of the same datasets.

    Registered samples that the file does not contain lose their lists.
    """
    with proxy.atomic():
        registered = rows(Sample.select(Sample.dataset, Sample.run, Sample.lumi, Sample.id, Sample.file).where(_newest_file_is(file)))
        listings = _assign({key[:3] for key in registered}, {(listing.run, listing.lumi): listing for listing in contents.listings})
        namelists = _store_names(contents.names)
        for batch in chunked(listings.items(), BATCH):
            _store_samples(file, [_row(file, key, listing, namelists) for key, listing in batch])
        missing = [sample for *key, sample, _ in registered if tuple(key) not in listings]
        _clear_samples(file, missing)
        change = {"size": version.size, "mtime_ns": version.mtime_ns, "unreadable": contents.unreadable, "listed": time.time()}
        File.update(change | {"state": READY, "error": "", "tried": "", "retry_at": 0.0}).where(File.id == file.id).execute()
        forget_files({previous for *_, previous in registered} - {file.id})
        mark_first({(dataset, run) for dataset, run, lumi in [*listings, *(key[:3] for key in registered)] if lumi or missing})


def _newest_file_is(file: File) -> Any:
    """A condition on samples."""
    return (Sample.coming == file.id) | (Sample.file == file.id) & Sample.coming.is_null()


def _clear_samples(file: File, samples: list[int]) -> None:
    """Remove the lists of samples that their file does not contain."""
    empty: dict[str, Any] = {"namelist": None, "columns": None, "facts": None, "me_count": 0, "errors": None, "warnings": None}
    empty |= {"file": file.id, "coming": None}
    for batch in chunked(samples, BATCH):
        Sample.update(empty | {"version": Sample.version + 1}).where(Sample.id.in_(batch)).execute()


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


def _store_names(names: dict[str, tuple[int, bytes]]) -> dict[str, int]:
    """The ids of name lists by their hashes; samples with the same names share one."""
    for batch in chunked(names.items(), BATCH):
        new = [{"sha256": sha256, "count": count, "blob": blob} for sha256, (count, blob) in batch]
        NameList.insert_many(new).on_conflict_ignore().execute()
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
