"""The alarms of samples: how many monitor elements (MEs) have errors, and how many warnings, by their quality tests."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple

from app.core.database import proxy, rows
from app.formats import Columns, FormatError
from app.gui.catalog.list_cache import decompress
from app.gui.catalog.reader import count_alarms
from app.gui.models import Dataset, Sample

BATCH = 50
"""Samples of one transaction."""


class Alarms(NamedTuple):
    """MEs of a sample by the worst status of their quality tests."""

    errors: int
    warnings: int


def alarms_of(runs: Iterable[int]) -> dict[tuple[int, str], Alarms]:
    """The alarms of whole runs by run and dataset; samples without a stored list are missing."""
    query = Sample.select(Sample.run, Dataset.name, Sample.errors, Sample.warnings).join(Dataset)
    whole = Sample.first, Sample.lumi == 0, Sample.run.in_(list(runs)), Sample.errors.is_null(False)
    return {(run, dataset): Alarms(errors, warnings) for run, dataset, errors, warnings in rows(query.where(*whole))}


def count_missing() -> int:
    """Count the alarms of samples whose lists were stored by a version that did not; returns their number."""
    done, last = 0, 0
    uncounted = Sample.columns.is_null(False), Sample.errors.is_null()
    query = Sample.select(Sample.id, Sample.version, Sample.columns).order_by(Sample.id).limit(BATCH)
    while found := rows(query.where(*uncounted, Sample.id > last)):
        counted = [(*key, alarms) for *key, blob in found if (alarms := _count(blob))]
        with proxy.atomic():
            for sample, version, alarms in counted:  # a list stored in the meantime has counts of its own
                Sample.update(**alarms._asdict()).where(Sample.id == sample, Sample.version == version).execute()
        done, last = done + len(counted), found[-1][0]
    return done


def _count(blob: Any) -> Alarms | None:
    """The alarms of stored columns; None for those that this version cannot read."""
    try:
        return Alarms(*count_alarms(Columns.unpack(decompress(blob))))
    except FormatError:
        return None
