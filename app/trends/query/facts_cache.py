"""The facts of all runs as columns in memory, brought up to date with what has changed since."""

from __future__ import annotations

import threading
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from peewee import Database

from app.core.counters import version_of
from app.core.database import proxy, rows
from app.core.settings import Settings
from app.runs.models import COUNTER, RunFactsRow, RunRecord
from app.runs.settings import RunsSettings
from app.runs.significance import significance_of
from app.trends.query.run_columns import NUMBERS, UNKNOWN, RunColumns

_NUMBER_OF_COLUMNS = len(NUMBERS)


@dataclass(frozen=True)
class _Facts:
    """Facts as they were at a version.

    Attributes:
        database, limits: What they were read from, and the settings of significance.
        version: Of the facts of runs, see app.core.counters.
        runs: Run numbers, ascending, int32 (n).
        numbers: A row for each of NUMBERS, float64.
        significant: As in RunColumns, uint8 (n).
        class_index: Index into `classes`, int32 (n).
        classes: All classes; the first is "", for unknown.
    """

    database: Database
    limits: RunsSettings
    version: int
    runs: NDArray[np.int32]
    numbers: NDArray[np.float64]
    significant: NDArray[np.uint8]
    class_index: NDArray[np.int32]
    classes: tuple[str, ...]


_lock = threading.Lock()
_facts: _Facts | None = None


def facts_of_runs(runs: NDArray[np.int32], settings: Settings) -> RunColumns:
    """The facts of runs, which are in ascending order."""
    facts = _current(settings)
    place = np.searchsorted(facts.runs, runs)
    place[place == len(facts.runs)] = 0
    known = facts.runs[place] == runs if len(facts.runs) else np.zeros(len(runs), dtype=bool)
    place[~known] = 0
    numbers = facts.numbers[:, place] if len(facts.runs) else np.full((_NUMBER_OF_COLUMNS, len(runs)), np.nan)
    numbers[:, ~known] = np.nan
    significant = np.full(len(runs), UNKNOWN, dtype=np.uint8)
    significant[known] = facts.significant[place[known]]
    used = np.zeros(len(runs), dtype=np.int32)
    used[known] = facts.class_index[place[known]]
    present, class_index = np.unique(used, return_inverse=True)
    classes = tuple(facts.classes[index] for index in present.tolist())
    columns = dict(zip(NUMBERS, numbers, strict=True))
    return RunColumns(run=runs, **columns, significant=significant, class_index=class_index.astype(np.int32), classes=classes)


def known_runs(settings: Settings) -> NDArray[np.int32]:
    """All runs of this hub, whether their facts are known or not, ascending."""
    return _current(settings).runs


def _current(settings: Settings) -> _Facts:
    global _facts
    limits = settings.of(RunsSettings)
    with _lock:
        before = _facts
        if before is None or before.database is not proxy.obj or before.limits != limits:
            before = _nothing(limits)
        version = version_of(COUNTER)
        if version != before.version:
            before = _merged(before, _changed_rows(before.version), version)
        _facts = before
        return before


def _nothing(limits: RunsSettings) -> _Facts:
    none = np.zeros(0, dtype=np.int32)
    return _Facts(proxy.obj, limits, -1, none, np.zeros((_NUMBER_OF_COLUMNS, 0)), none.astype(np.uint8), none, ("",))


def _changed_rows(since: int) -> list[RunFactsRow]:
    columns = [getattr(RunRecord, name) for name in RunFactsRow._fields]
    return [RunFactsRow._make(row) for row in rows(RunRecord.select(*columns).where(RunRecord.version > since))]


def _merged(before: _Facts, changed: list[RunFactsRow], version: int) -> _Facts:
    """The facts with some rows replaced."""
    if not changed:
        return replace(before, version=version)
    index = {name: number for number, name in enumerate(before.classes)}
    for row in changed:
        index.setdefault(row.run_class or "", len(index))
    runs = np.array([row.run for row in changed], dtype=np.int32)
    stays = ~np.isin(before.runs, runs)
    all_runs = np.concatenate([before.runs[stays], runs])
    order = np.argsort(all_runs)
    numbers = np.array([[getattr(row, name) for row in changed] for name in NUMBERS], dtype=np.float64)
    significant = [_flag(significance_of(row, before.limits).value) for row in changed]

    def merge(old: NDArray[Any], new: Any) -> Any:
        return np.concatenate([old[..., stays], np.asarray(new, dtype=old.dtype)], axis=-1)[..., order]

    class_index = merge(before.class_index, [index[row.run_class or ""] for row in changed])
    return _Facts(
        *(before.database, before.limits, version, all_runs[order], merge(before.numbers, numbers)),
        *(merge(before.significant, significant), class_index, tuple(index)),
    )


def _flag(value: bool | None) -> int:
    return UNKNOWN if value is None else int(value)
