"""Importing a file: its lists are read by a child process and stored for all of its samples, or the reason why they cannot be."""

from __future__ import annotations

import os
import time

from app.core import log_context
from app.core.database import rows
from app.core.settings import Settings
from app.core.urls import is_remote
from app.formats import FORMATS, FileVersion, FormatError, file_version
from app.gui.catalog.reader import ReaderInterrupted, ReaderLost, Unreadable, read
from app.gui.catalog.storing import store
from app.gui.files.entries import is_live
from app.gui.models import FAILED, NEW, Dataset, File, Sample
from app.gui.samples import SampleKey
from app.gui.settings import GuiSettings, readable_roots
from app.queue.execution import report
from app.queue.models import ATTEMPTS, BackgroundJob, JobFailed
from app.queue.store import enqueue

KEEP_SNAPSHOT = "keep-snapshot"
"""Kind of the background job that keeps a snapshot of an ongoing run; its key is the id of the file."""

MAX_ROUNDS = 3
"""Imports of a file in a row when it changes while it is read."""

RETRY_S = 60.0
"""A file is read again after this time if all attempts of a job failed for reasons outside of the file.

Without a pause, requests for a file whose reader is killed each time would keep a machine without memory busy."""

LOST_RETRY_S = 86400.0
"""The same after a limit was exceeded, or the reading process crashed."""


def import_file(job: BackgroundJob, settings: Settings) -> None:
    """Read the lists of a file and store them, or the reason why it cannot be read.

    The key of the job is the id of the file. Running it twice stores the same.
    """
    for _ in range(MAX_ROUNDS):
        file = File.get_or_none(File.id == int(job.key))
        log_context.add(run=_run_of(int(job.key)))
        if file is None or not _is_due(file):  # its samples have another file by now, or another worker was faster
            return
        if not _import(job, file, settings):
            return


def _run_of(file: int) -> int | None:
    """The run of a file; None if it has several."""
    of_file = (Sample.file == file) | (Sample.coming == file)
    runs = rows(Sample.select(Sample.run).where(of_file).distinct().limit(2))
    return runs[0][0] if len(runs) == 1 else None


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


def is_retried_soon(retry_at: float) -> bool:
    """Whether a file that could not be read is read again within a minute, so that its failure is for now only."""
    return retry_at > 0 and retry_at - time.time() <= RETRY_S


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
    except ReaderInterrupted as error:
        if job.attempts < ATTEMPTS:
            raise
        _store_failure(file, version, f"{error}, {ATTEMPTS} times; it is read again a minute later", RETRY_S)
        raise JobFailed(str(error)) from error
    except ReaderLost as error:
        _store_failure(file, version, str(error), LOST_RETRY_S)
    except (Unreadable, FormatError) as error:
        _store_failure(file, version, str(error))
    else:
        report(job, 0.9, f"Storing {sum(listing.me_count for listing in contents.listings):,} monitor elements.")
        store(file, version, contents)
        if gui.live_snapshots and FORMATS[file.format].contents and live_samples(file.id):
            enqueue(KEEP_SNAPSHOT, str(file.id), queue="live")
        return True
    return False


def live_samples(file: int) -> list[SampleKey]:
    """The samples of a file that can be of an ongoing run, without lumisections; run 0 is the last."""
    query = Sample.select(Sample.run, Sample.lumi, Dataset.name).join(Dataset).where(Sample.file == file, Sample.lumi == 0)
    found = [SampleKey(*row) for row in rows(query.order_by(Sample.run.desc(), Dataset.name))]
    return [key for key in found if is_live(key.run, key.dataset)]


def _check_location(url: str, settings: Settings) -> None:
    """Raise Unreadable for a file outside the roots: a link may have been made since it was registered."""
    if not (url if is_remote(url) else os.path.realpath(url)).startswith(readable_roots(settings)):
        raise Unreadable(f"{url} leads out of the folders that may be read (file_roots)")


def _store_failure(file: File, version: FileVersion | None, reason: str, retry_s: float | None = None) -> None:
    retry_at = time.time() + retry_s if retry_s else 0.0
    change = {"state": FAILED, "error": reason, "tried": version_text(version) if version else "", "retry_at": retry_at}
    File.update(change).where(File.id == file.id).execute()
