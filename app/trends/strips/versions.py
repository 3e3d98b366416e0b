"""Which values of a strip chart are of files that have been replaced, also by such that nobody has opened yet."""

from __future__ import annotations

from collections.abc import Mapping

from peewee import JOIN

from app.core.database import rows
from app.core.urls import is_remote
from app.formats import FormatError
from app.gui.catalog.importing import outdated
from app.gui.models import FAILED, Dataset, File, Sample
from app.trends.custom.values import tag_of


def old_values(dataset: str, tags: Mapping[int, str]) -> set[int]:
    """The runs of a dataset whose newest file is not the one with this tag, see `app.trends.custom.values`."""
    coming = File.alias()
    columns = File.url, File.size, File.mtime_ns, File.state, File.tried, File.retry_at, coming.state
    query = Sample.select(Sample.run, *columns).join(Dataset).switch(Sample).join(File, on=Sample.file == File.id)
    query = query.switch(Sample).join(coming, JOIN.LEFT_OUTER, on=Sample.coming == coming.id)
    found = rows(query.where(Dataset.name == dataset, Sample.lumi == 0, Sample.run.in_(list(tags))))
    return {run for run, *file in found if _is_other(tags[run], *file)}


def _is_other(
    tag: str, url: str, size: int | None, mtime_ns: int | None, state: str, tried: str, retry_at: float, coming: str | None
) -> bool:
    """Whether a file has another tag, has changed, or is replaced by one whose list is still to come.

    A replacement that cannot be read leaves the value as it is. Files on servers are not checked: that may take long.
    """
    if coming is not None:
        return coming != FAILED
    if state == FAILED or (size is not None and tag_of([f"{url}\0{size}\0{mtime_ns}"]) != tag):
        return True
    if is_remote(url):
        return False
    try:
        return outdated(url, state, tried, (size, mtime_ns), retry_at=retry_at)
    except (OSError, FormatError):
        return False  # it cannot be checked now
