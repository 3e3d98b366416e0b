"""The row of a sample with its files, without the large lists: one prepared query that every page runs."""

from __future__ import annotations

from typing import Any, NamedTuple

from peewee import JOIN, Field, ModelAlias, Query

from app.core.database import prepared
from app.gui.catalog.importing import outdated
from app.gui.models import NEW, Dataset, File, Sample
from app.gui.samples import SampleKey


class StoredFile(NamedTuple):
    """A registered file, and how its last import ended."""

    file: int
    url: str
    format: str
    size: int | None  # bytes of the version whose lists are stored; None: no list is stored
    mtime_ns: int | None  # of the same version, Unix ns UTC
    state: str  # see app.gui.models
    error: str
    tried: str
    retry_at: float  # when it is read again although it has not changed, Unix s UTC; 0: never
    unreadable: int  # objects in the file that could not be read
    listed: float | None  # time of the last successful import, Unix s UTC

    @property
    def identity(self) -> str:
        """Changes with the path and the version of the file."""
        return f"{self.url}\0{self.size}\0{self.mtime_ns}"

    def outdated(self, checked_after: float) -> bool:
        """Whether the file must be imported, by its version at or after `checked_after` (Unix s UTC).

        Raises OSError and FormatError when the file cannot be checked.
        """
        return outdated(self.url, self.state, self.tried, (self.size, self.mtime_ns), checked_after, retry_at=self.retry_at)


class StoredSample(NamedTuple):
    """The row of a sample, without its lists."""

    sample: int
    version: int
    namelist: int | None  # None: no list is stored
    listed_file: StoredFile  # file of the stored list
    newest_file: StoredFile  # registered later, with its list still to come; else the same file

    def serves(self, not_older_than: float) -> bool:
        """Whether there is a list that was stored at or after this time (Unix s UTC)."""
        return self.namelist is not None and (self.listed_file.listed or 0.0) >= not_older_than


def _columns(file: type[File] | ModelAlias[File]) -> list[Field]:
    return [
        file.id,
        file.url,
        file.format,
        file.size,
        file.mtime_ns,
        file.state,
        file.error,
        file.tried,
        file.retry_at,
        file.unreadable,
        file.listed,
    ]


def _select(*more: Field) -> Query:
    coming = File.alias()
    query = Sample.select(*more, Sample.id, Sample.version, Sample.namelist, *_columns(File), *_columns(coming))
    query = query.join(Dataset, JOIN.INNER, on=(Sample.dataset == Dataset.id)).join(File, JOIN.INNER, on=(Sample.file == File.id))
    return query.join(coming, JOIN.LEFT_OUTER, on=(Sample.coming == coming.id))


@prepared
def _find() -> Query:
    return _select().where(Dataset.name == "", Sample.run == 0, Sample.lumi == 0)


@prepared
def _find_run() -> Query:
    return _select(Dataset.name, Sample.lumi).where(Sample.run == 0, Sample.first).order_by(Dataset.name)


def find_sample(key: SampleKey) -> StoredSample | None:
    """The row of a sample, or None."""
    found = _find(key.dataset, key.run, key.lumi)
    return _stored(*found[0]) if found else None


def find_run(run: int) -> dict[SampleKey, StoredSample]:
    """One row for each dataset of a run, in alphabetical order: that of the whole run, else of its first lumisection."""
    return {SampleKey(run, lumi, dataset): _stored(*row) for dataset, lumi, *row in _find_run(run)}


def _stored(sample: int, version: int, namelist: int | None, *columns: Any) -> StoredSample:
    half = len(columns) // 2
    listed, coming = StoredFile(*columns[:half]), columns[half:]
    return StoredSample(sample, version, namelist, listed, StoredFile(*coming) if coming[0] else listed)


def retry(file_id: int) -> None:
    """Mark a file as unread after a failure, so that the next access imports it again."""
    File.update(state=NEW).where(File.id == file_id).execute()
