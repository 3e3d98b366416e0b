"""The rows of snapshots, and where their packs are."""

from __future__ import annotations

import fcntl
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from peewee import Query

from app.core.database import prepared, rows
from app.core.settings import Settings
from app.formats import FileVersion
from app.gui.models import Dataset
from app.gui.settings import GuiSettings
from app.gui.snapshots.models import LiveSnapshot


class Snapshot(NamedTuple):
    """What the MEs of an ongoing run held at one lumisection."""

    number: int
    dataset: int
    run: int  # as the DQM processes name it, also for the sample of run 0
    lumi: int  # the newest of all DQM processes
    format: str  # of the file
    size: int  # of the file, bytes
    mtime_ns: int  # time of change of the file, Unix ns UTC
    me_count: int
    contents: str  # hash of its list of contents, and name of its pack
    bytes: int  # of its contents, also those that it shares with other snapshots
    kept: float  # Unix s UTC

    @property
    def at(self) -> float:
        """Time of change of the file, Unix s UTC."""
        return self.mtime_ns / 1e9

    @property
    def file_version(self) -> FileVersion:
        """The version of the file that it was read from."""
        return FileVersion(self.size, self.mtime_ns)


FIELDS = [getattr(LiveSnapshot, name) for name in ("id", *Snapshot._fields[1:])]


@prepared
def _newest_first() -> Query:
    query = LiveSnapshot.select(*FIELDS).join(Dataset, on=LiveSnapshot.dataset == Dataset.id)
    return query.where(Dataset.name == "", LiveSnapshot.run == 0).order_by(LiveSnapshot.lumi.desc())


@prepared
def _latest_run() -> Query:
    query = LiveSnapshot.select(LiveSnapshot.run).join(Dataset, on=LiveSnapshot.dataset == Dataset.id)
    return query.where(Dataset.name == "").order_by(LiveSnapshot.id.desc()).limit(1)


def newest_first(dataset: str, run: int) -> Sequence[Snapshot]:
    """The snapshots of a run of a dataset, the newest first."""
    return [Snapshot(*row) for row in _newest_first(dataset, run)]


def latest_run(dataset: str) -> int | None:
    """The run of the snapshot of a dataset that was kept last; None without any."""
    found: list[tuple[Any, ...]] = list(_latest_run(dataset, 1))
    return found[0][0] if found else None


def oldest_first() -> list[Snapshot]:
    """All snapshots, in the order in which they were kept."""
    return [Snapshot(*row) for row in rows(LiveSnapshot.select(*FIELDS).order_by(LiveSnapshot.kept, LiveSnapshot.id))]


def snapshots_folder(settings: Settings) -> Path:
    """The folder of all packs."""
    return Path(settings.of(GuiSettings).live_snapshots_dir or settings.data / "snapshots")


def packs_of(folder: Path, dataset: int, run: int) -> Path:
    """The folder with the packs of a run of a dataset."""
    return folder / f"{dataset}-{run}"


@contextmanager
def writing(folder: Path) -> Iterator[None]:
    """Hold the lock of all packs: one thread of all processes at a time writes and removes them."""
    folder.mkdir(parents=True, exist_ok=True)
    with open(folder / "lock", "a", encoding="ascii") as file:
        fcntl.flock(file, fcntl.LOCK_EX)  # of the open file; locks of lockf are shared by the threads of a process
        yield
