"""Snapshots as files, for mirrors that read a folder.

The files form a chain from revision 0 to the newest one. A file is written under another name, renamed, and never changed.
When many small files have accumulated at the end of the chain, larger ones replace them. A mirror at any revision finds a
file that continues from it.
"""

from __future__ import annotations

import logging
import os
import re
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from peewee import fn

from app.core.database import rows
from app.core.settings import Settings
from app.publish import revisions
from app.publish.keys import signing_key
from app.publish.models import PublishedItem, RevisionSeries
from app.publish.progress import Position, record_failure, record_success, state_of
from app.publish.settings import PublishSettings
from app.queue.periodic import TaskRun
from protocol.snapshot import pack

log = logging.getLogger(__name__)

SMALL_BYTES = 4 << 20
"""Files below this size are joined when there are many."""

JOIN_COUNT = 100
"""Number of small files at the end of the chain from which they are joined."""

UNFINISHED = ".new-"
NAME = re.compile(r"(.+)-(\d{12})-(\d{12})\.snapshot")


class SnapshotFile(NamedTuple):
    """A snapshot in the folder: the changes of a series after one revision up to another."""

    series: str
    since: int
    until: int
    path: Path


@contextmanager
def writing(settings: Settings, run: TaskRun) -> Iterator[Callable[[], None]]:
    """Provide the step of the periodic task that brings the folder up to date."""
    address = settings.of(PublishSettings).publish_folder
    for file in Path(address).glob(f"{UNFINISHED}*"):  # left by a killed process
        file.unlink(missing_ok=True)

    def step() -> None:
        row = state_of(address)
        try:
            update(address, settings, run.should_stop)
        except OSError as error:
            record_failure(row, f"{error.strerror or error}")

    yield step


def update(address: str, settings: Settings, should_stop: Callable[[], bool]) -> None:
    """Bring the folder at a path to the newest revision. Raises OSError when it cannot be read or written."""
    folder = Path(address)
    series, chain = _series_and_chain(folder)
    has = chain[-1].until if chain else 0
    if has == series.revision:
        return
    has, sent = _first_revision(chain, series, has), 0
    while has < series.revision:
        if should_stop():
            return
        has, size = _add(folder, series, has, settings)
        sent += size
    for file in set(_files(folder)) - set(chain_of(folder, series.name)):
        file.path.unlink(missing_ok=True)
    record_success(address, Position(series.name, has), series.at, sent)


def _series_and_chain(folder: Path) -> tuple[RevisionSeries, list[SnapshotFile]]:
    """The series in use and its files; a new series if the folder is ahead of the database."""
    series = revisions.current()
    chain = chain_of(folder, series.name)
    if chain and chain[-1].until > series.revision:
        has = chain[-1].until
        log.warning("%s has revision %d of %s, but the newest is %d: starting a new series", folder, has, series.name, series.revision)
        return revisions.restart_series(series), []
    return series, chain


def _first_revision(chain: list[SnapshotFile], series: RevisionSeries, has: int) -> int:
    """The revision from which files are written: mostly the last one of the chain, or an earlier one to join small files."""
    sizes = [file.path.stat().st_size for file in chain]
    ((useful,),) = rows(PublishedItem.select(fn.COALESCE(fn.SUM(PublishedItem.size), 0)))
    if 0 < has < series.forgotten or sum(sizes) > 2 * useful + JOIN_COUNT * SMALL_BYTES:
        return 0
    first = len(chain)
    while first and sizes[first - 1] < SMALL_BYTES:
        first -= 1
    return chain[first].since if len(chain) - first >= JOIN_COUNT else has


def chain_of(folder: Path, series: str) -> list[SnapshotFile]:
    """The files of a series that form a chain from revision 0, in order."""
    longest: dict[int, SnapshotFile] = {}
    for file in _files(folder):
        if file.series == series and (file.since not in longest or longest[file.since].until < file.until):
            longest[file.since] = file
    chain: list[SnapshotFile] = []
    reached = 0
    while reached in longest:
        chain.append(longest[reached])
        reached = chain[-1].until
    return chain


def _files(folder: Path) -> list[SnapshotFile]:
    named = [(NAME.fullmatch(path.name), path) for path in folder.iterdir()]
    return [SnapshotFile(name[1], int(name[2]), int(name[3]), path) for name, path in named if name]


def _add(folder: Path, series: RevisionSeries, since: int, settings: Settings) -> tuple[int, int]:
    """Write the file that continues from a revision; returns its last revision and its size in bytes."""
    snapshot = revisions.snapshot(series, since, settings.instance_name)
    body = pack(snapshot, signing_key(settings))
    descriptor, unfinished = tempfile.mkstemp(prefix=UNFINISHED, dir=folder)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(body)
            file.flush()
            os.fsync(descriptor)
        os.chmod(unfinished, 0o644)  # its content is public
        os.replace(unfinished, folder / f"{series.name}-{since:012d}-{snapshot.until:012d}.snapshot")
    except BaseException:
        os.unlink(unfinished)
        raise
    return snapshot.until, len(body)
