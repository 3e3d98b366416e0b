"""What the database has of a sample but for its lists, by one query that every page asks."""

from __future__ import annotations

from typing import NamedTuple

from peewee import JOIN, Field, ModelAlias, Query

from app.core.database import prepared
from app.gui.catalog.importing import outdated
from app.gui.models import NEW, Dataset, File, Sample
from app.gui.samples import SampleKey


class Source(NamedTuple):
    """A registered file: the version whose lists are stored (null: none), and how its last reading ended."""

    file: int
    url: str
    format: str
    size: int | None
    mtime_ns: int | None
    state: str
    error: str
    tried: str
    unreadable: int
    listed: float | None

    @property
    def identity(self) -> str:
        return f"{self.url}\0{self.size}\0{self.mtime_ns}"

    def outdated(self, asked_after: float) -> bool:
        """Whether it has to be read (again). Raises OSError and FormatError when it cannot be looked at."""
        return outdated(self.url, self.state, self.tried, (self.size, self.mtime_ns), asked_after)


class Row(NamedTuple):
    """What the database has of a sample, without its blobs. shown: the file of its list; newest: of the list to come, else the same."""

    sample: int
    version: int
    namelist: int | None
    shown: Source
    newest: Source

    @property
    def file(self) -> int:
        return self.newest.file

    @property
    def url(self) -> str:
        return self.newest.url

    def serves(self, not_older_than: float) -> bool:
        """Whether there is a list that was stored after this time (Unix s UTC)."""
        return self.namelist is not None and (self.shown.listed or 0.0) >= not_older_than


def _columns(file: type[File] | ModelAlias[File]) -> list[Field]:
    return [
        file.id, file.url, file.format, file.size, file.mtime_ns,
        file.state, file.error, file.tried, file.unreadable, file.listed,
    ]  # fmt: skip


@prepared
def _find() -> Query:
    coming = File.alias()
    query = Sample.select(Sample.id, Sample.version, Sample.namelist, *_columns(File), *_columns(coming))
    query = query.join(Dataset, JOIN.INNER, on=(Sample.dataset == Dataset.id)).join(File, JOIN.INNER, on=(Sample.file == File.id))
    query = query.join(coming, JOIN.LEFT_OUTER, on=(Sample.coming == coming.id))
    return query.where(Dataset.name == "", Sample.run == 0, Sample.lumi == 0)


def find(key: SampleKey) -> Row | None:
    """What the database has of a sample."""
    found = _find(key.dataset, key.run, key.lumi)
    if not found:
        return None
    sample, version, namelist, *files = found[0]
    half = len(files) // 2
    shown, coming = Source(*files[:half]), files[half:]
    return Row(sample, version, namelist, shown, Source(*coming) if coming[0] else shown)


def retry(file_id: int) -> None:
    """Forget that a file could not be read, so that the next access reads it again."""
    File.update(state=NEW).where(File.id == file_id).execute()
