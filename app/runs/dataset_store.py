"""Storage of the datasets of runs in the Run Registry, and of their lumisection ranges."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from app.core.counters import advance
from app.core.database import proxy
from app.runs.models import COUNTER, RunDataset, RunRecord
from app.runs.run_registry import ComponentRange, RegistryDataset


class DatasetFacts(NamedTuple):
    """A dataset of a run."""

    name: str
    states: dict[str, str]  # by workspace
    components: dict[str, dict[str, int]]  # lumisections by component and state
    ranges: dict[str, list[ComponentRange]] | None  # by component; None if they could not be fetched
    error: str  # why not


def datasets_of(run: int) -> list[DatasetFacts]:
    """The datasets of a run, in the order of their names."""
    return [_stored(row) for row in RunDataset.select().where(RunDataset.run == run).order_by(RunDataset.name)]


def _stored(row: RunDataset) -> DatasetFacts:
    ranges = (
        None if row.ranges is None else {name: [ComponentRange(*each) for each in found] for name, found in json.loads(row.ranges).items()}
    )
    return DatasetFacts(row.name, json.loads(row.states), json.loads(row.components), ranges, row.error)


def without_ranges(run: int, found: Sequence[RegistryDataset]) -> list[str]:
    """Names of the datasets whose ranges are not stored, or were fetched before the dataset changed."""
    stored = {each.name: each for each in datasets_of(run)}
    return [each.name for each in found if not _is_stored(each, stored.get(each.name))]


def _is_stored(found: RegistryDataset, stored: DatasetFacts | None) -> bool:
    return stored is not None and stored.ranges is not None and (stored.states, stored.components) == (found.states, found.components)


def store_datasets(run: int, found: Sequence[RegistryDataset], ranges: Mapping[str, Mapping[str, list[ComponentRange]] | str]) -> None:
    """Store the datasets of a run, in place of those that are there.

    Args:
        run: Number of the run.
        found: All its datasets. Those whose ranges are not given keep the stored ones.
        ranges: By name of a dataset the ranges, or the reason why they could not be fetched.
    """
    with proxy.atomic():
        old = {row.name: row for row in RunDataset.select().where(RunDataset.run == run)}
        rows = [_row(each, old.get(each.name), ranges.get(each.name)) for each in found]
        if rows == [{name: getattr(row, name) for name in _FIELDS} for row in sorted(old.values(), key=lambda row: row.name)]:
            return
        RunDataset.delete().where(RunDataset.run == run).execute()
        for row in rows:
            RunDataset.insert(**row).execute()
        RunRecord.update(version=advance(COUNTER)).where(RunRecord.run == run).execute()


_FIELDS = ("run", "name", "states", "components", "ranges", "error")


def _row(found: RegistryDataset, old: RunDataset | None, ranges: Mapping[str, list[ComponentRange]] | str | None) -> dict[str, Any]:
    states, components = (json.dumps(each, sort_keys=True) for each in (found.states, found.components))
    row = dict(zip(_FIELDS, (found.run, found.name, states, components, None, ""), strict=True))
    if isinstance(ranges, str):
        return row | {"error": ranges}
    if ranges is not None:
        return row | {"ranges": json.dumps(ranges, sort_keys=True)}
    return row | {"ranges": old.ranges, "error": old.error} if old else row
