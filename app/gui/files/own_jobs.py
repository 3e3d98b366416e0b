"""What the job diary shows of imports: the name of the file, with its run and dataset."""

from __future__ import annotations

import re
from collections.abc import Iterable

from peewee import chunked, fn

from app.core.area import OwnJob
from app.core.database import rows
from app.core.urls import base_name
from app.gui.models import Dataset, File, Sample

AT_ONCE = 1000
_NUMBER = re.compile("[0-9]{1,9}")


def imports(keys: Iterable[str]) -> dict[str, OwnJob]:
    """The imports of files by the keys of their jobs, which are the ids of the files."""
    found: dict[str, OwnJob] = {}
    for numbers in chunked([int(key) for key in keys if _NUMBER.fullmatch(key)], AT_ONCE):
        labels = {file: _labels(*parts) for file, *parts in _samples(numbers)}
        files = rows(File.select(File.id, File.url).where(File.id.in_(numbers)))
        found |= {str(file): OwnJob(base_name(url), labels.get(file, {}), file=url) for file, url in files}
    return found


def _samples(files: list[int]) -> list[tuple[int | str, ...]]:
    """Least and greatest run and dataset of each file."""
    ends = fn.MIN(Sample.run), fn.MAX(Sample.run), fn.MIN(Dataset.name), fn.MAX(Dataset.name)
    return rows(Sample.select(Sample.file, *ends).join(Dataset).where(Sample.file.in_(files)).group_by(Sample.file))


def _labels(first: int | str, last: int | str, dataset: int | str, other: int | str) -> dict[str, str]:
    """Run and dataset, of a file that has one alone."""
    return ({"run": str(first)} if first == last else {}) | ({"dataset": str(dataset)} if dataset == other else {})
