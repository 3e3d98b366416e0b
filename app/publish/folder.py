"""Snapshots as files, for mirrors that read a folder.

The files are a chain from edition 0 to the newest one. Files are written under another name, renamed, and never
changed; when the small ones at its end are many, larger ones take their place. So a mirror that knows any edition
finds one that leads on from there.
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
from app.publish.sending import Has, failed, row_of, succeeded
from app.publish.settings import PublishSettings
from app.queue import Turn
from protocol.snapshot import pack

log = logging.getLogger(__name__)

SMALL_BYTES = 4 << 20
"""Smaller files at the end of the chain are joined..."""

MANY = 100
"""...when there are so many."""

UNFINISHED = ".new-"
NAME = re.compile(r"(.+)-(\d{12})-(\d{12})\.snapshot")


class File(NamedTuple):
    """A snapshot in the folder."""

    series: str
    since: int
    until: int
    path: Path


@contextmanager
def writing(settings: Settings, turn: Turn) -> Iterator[Callable[[], None]]:
    """Gives a step that brings the folder up to date."""
    for left in Path(settings.of(PublishSettings).publish_folder).glob(f"{UNFINISHED}*"):  # by one that was killed
        left.unlink(missing_ok=True)

    def step() -> None:
        row = row_of(settings.of(PublishSettings).publish_folder)
        try:
            write(Path(settings.of(PublishSettings).publish_folder), settings, turn.over)
        except OSError as error:
            failed(row, f"{error.strerror or error}")

    yield step


def write(folder: Path, settings: Settings, over: Callable[[], bool]) -> None:
    """Bring a folder to the newest edition."""
    series = revisions.current()
    chain = chain_of(folder, series.name)
    have = chain[-1].until if chain else 0
    if have > series.revision:
        log.warning(
            "%s has edition %d of %s, of which %d is the newest here: a new series begins", folder, have, series.name, series.revision
        )
        series, chain, have = revisions.restart_series(series), [], 0
    if have == series.revision:
        return
    have = _from(chain, series, have)
    sent = 0
    while have < series.revision:
        if over():
            return
        have, size = _add(folder, series, have, settings)
        sent += size
    chain = chain_of(folder, series.name)
    for file in set(_files(folder)) - set(chain):
        file.path.unlink(missing_ok=True)
    succeeded(settings.of(PublishSettings).publish_folder, Has(series.name, have), series.at, sent)


def _from(chain: list[File], series: RevisionSeries, have: int) -> int:
    """From which edition on files are written: mostly the last one, or an earlier one, so that fewer and larger files replace many."""
    sizes = [file.path.stat().st_size for file in chain]
    ((useful,),) = rows(PublishedItem.select(fn.COALESCE(fn.SUM(PublishedItem.size), 0)))
    if 0 < have < series.forgotten or sum(sizes) > 2 * useful + MANY * SMALL_BYTES:
        return 0
    first = len(chain)
    while first and sizes[first - 1] < SMALL_BYTES:
        first -= 1
    return chain[first].since if len(chain) - first >= MANY else have


def chain_of(folder: Path, series: str) -> list[File]:
    """The files of a series that lead from edition 0 as far as they do, in order."""
    found: dict[int, File] = {}
    for file in _files(folder):
        if file.series == series and (file.since not in found or found[file.since].until < file.until):
            found[file.since] = file
    chain: list[File] = []
    reached = 0
    while reached in found:
        chain.append(found[reached])
        reached = chain[-1].until
    return chain


def _files(folder: Path) -> list[File]:
    named = [(NAME.fullmatch(path.name), path) for path in folder.iterdir()]
    return [File(name[1], int(name[2]), int(name[3]), path) for name, path in named if name]


def _add(folder: Path, series: RevisionSeries, since: int, settings: Settings) -> tuple[int, int]:
    """Write a file that leads on from an edition: to which, and its bytes."""
    snapshot = revisions.snapshot(series, since, settings.instance_name)
    body = pack(snapshot, signing_key(settings))
    descriptor, new = tempfile.mkstemp(prefix=UNFINISHED, dir=folder)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(body)
            file.flush()
            os.fsync(descriptor)
        os.chmod(new, 0o644)  # all that is in it is public
        os.replace(new, folder / f"{series.name}-{since:012d}-{snapshot.until:012d}.snapshot")
    except BaseException:
        os.unlink(new)
        raise
    return snapshot.until, len(body)
