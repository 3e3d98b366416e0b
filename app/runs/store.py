"""Storage of the facts of runs: enrolment, what is due, answers, failures. Each write is a short transaction."""

from __future__ import annotations

import json
import time
from collections.abc import Iterable, Mapping
from typing import Any

from peewee import fn

from app.core.counters import advance
from app.core.database import proxy, rows
from app.runs.models import COUNTER, KNOWN, STATES, UNKNOWN, RunFactsRow, RunRecord, SourceState
from app.runs.oms import OmsFill, OmsRun
from app.runs.run_registry import RegistryRun
from app.runs.units import NORMAL_UNITS

ENROLLED_AT_ONCE = 500
FUTURE_S = 60.0
"""A time so far in the future is that of another clock, s."""
OMS_COLUMNS = (
    *("start", "end", "fill", "fill_type", "stable_beam", "injection_scheme", "era", "duration", "delivered_lumi", "recorded_lumi"),
    *("end_lumi", "b_field", "energy", "l1_rate", "hlt_physics_rate", "l1_key", "hlt_key", "last_lumi"),
)


def find_facts(run: int) -> RunRecord | None:
    """The facts of a run; None if nothing of this hub has the run."""
    found: RunRecord | None = RunRecord.get_or_none(RunRecord.run == run)
    return found


def facts_of(runs: Iterable[int]) -> dict[int, RunRecord]:
    """The facts of several runs, by number in ascending order."""
    numbers = sorted(set(runs))
    found: dict[int, RunRecord] = {}
    for begin in range(0, len(numbers), ENROLLED_AT_ONCE):
        part = numbers[begin : begin + ENROLLED_AT_ONCE]
        found |= {row.run: row for row in RunRecord.select().where(RunRecord.run.in_(part)).order_by(RunRecord.run)}
    return found


def rows_of(runs: Iterable[int]) -> dict[int, RunFactsRow]:
    """The facts of many runs, by number in ascending order; several times as fast as `facts_of`."""
    numbers = sorted(set(runs))
    columns = [getattr(RunRecord, name) for name in RunFactsRow._fields]
    found: dict[int, RunFactsRow] = {}
    for begin in range(0, len(numbers), ENROLLED_AT_ONCE):
        query = RunRecord.select(*columns).where(RunRecord.run.in_(numbers[begin : begin + ENROLLED_AT_ONCE])).order_by(RunRecord.run)
        found |= {row[0]: _facts_row(row) for row in rows(query)}
    return found


def _facts_row(row: tuple[Any, ...]) -> RunFactsRow:
    facts = RunFactsRow(*row)
    return facts._replace(stable_beam=_flag(facts.stable_beam), rr_significant=_flag(facts.rr_significant))


def _flag(value: Any) -> bool | None:
    """A column of truth values as the driver gives it: SQLite has numbers."""
    return None if value is None else bool(value)


def enroll(runs: Iterable[int]) -> int:
    """Add runs whose facts are wanted; returns the number of the new ones."""
    known = {run for (run,) in rows(RunRecord.select(RunRecord.run))}
    new = sorted(set(runs) - known, reverse=True)
    now = time.time()
    for begin in range(0, len(new), ENROLLED_AT_ONCE):
        part = [{"run": run, "enrolled": now, "oms_due": now, "rr_due": now} for run in new[begin : begin + ENROLLED_AT_ONCE]]
        RunRecord.insert_many(part).on_conflict_ignore().execute()
    return len(new)


def due_runs(source: str, limit: int) -> list[int]:
    """The runs that are due in a source, newest first."""
    query = RunRecord.select(RunRecord.run).where(_is_due(source)).order_by(RunRecord.run.desc()).limit(limit)
    return [run for (run,) in rows(query)]


def _is_due(source: str) -> Any:
    """The condition that a run is due in a source: now, or later by a clock that was set back after its answer or its enrolment."""
    due, answered, failures = (getattr(RunRecord, f"{source}_{name}") for name in ("due", "at", "failures"))
    now = time.time()
    is_new = answered.is_null() & (failures == 0) & (RunRecord.enrolled > now + FUTURE_S)
    return (due <= now) | (due.is_null(False) & ((answered > now + FUTURE_S) | is_new))


def _store(run: int, source: str, due: float | None, **values: Any) -> None:
    """Store an answer of a source; the version grows only when a fact has changed."""
    values = {f"{source}_failures": 0, f"{source}_error": "", **values}
    with proxy.atomic():
        old = RunRecord.get(RunRecord.run == run)
        if any(getattr(old, name) != value for name, value in values.items()):
            values["version"] = advance(COUNTER)
        RunRecord.update(**values, **{f"{source}_at": time.time(), f"{source}_due": due}).where(RunRecord.run == run).execute()


def store_oms(number: int, found: OmsRun | None, due: float | None, fill: OmsFill | None, dcs_lumis: int | None) -> None:
    """Store what OMS has of a run. A run that OMS does not know any more keeps no facts of it.

    Args:
        number: Of the run.
        found: The run; None if OMS does not know it.
        due: When it is fetched next, Unix s UTC; None: never again.
        fill: Its fill; None if it has none, or one that OMS does not know.
        dcs_lumis: Number of its lumisections that pass the DCS filter; None if they were not counted.
    """
    if found is None:
        _store(number, "oms", due, oms_state=UNKNOWN, **dict.fromkeys(OMS_COLUMNS), units="{}", dcs_lumis=None)
        return
    quantities = found.quantities
    values: dict[str, Any] = {name: each.value for name, each in quantities.items()}
    unusual = {name: each.unit for name, each in quantities.items() if each.unit != NORMAL_UNITS[name]}
    values |= {
        "l1_key": found.texts.get("l1_key"),
        "hlt_key": found.texts.get("hlt_key"),
        "fill_type": found.texts.get("fill_type_runtime"),
    }
    values |= {"start": found.start, "end": found.end, "fill": found.fill, "stable_beam": found.stable_beam, "last_lumi": found.last_lumi}
    scheme, era = (fill.injection_scheme or None, fill.era or None) if fill else (None, None)
    values |= {"injection_scheme": scheme, "era": era, "dcs_lumis": dcs_lumis}
    _store(number, "oms", due, oms_state=KNOWN, **values, units=json.dumps(unusual, sort_keys=True))


def store_run_registry(number: int, found: RegistryRun | None, due: float | None, error: str = "") -> None:
    """Store the answer of the Run Registry for a run. error: why its datasets are not up to date, or ""."""
    if found is None:
        absent = dict.fromkeys(("run_class", "rr_significant", "rr_run_state"))
        _store(number, "rr", due, rr_state=UNKNOWN, **absent, components="{}")
        return
    values = {"run_class": found.run_class or None, "rr_significant": found.significant, "rr_run_state": found.state or None}
    _store(number, "rr", due, rr_error=error, rr_state=KNOWN, **values, components=json.dumps(found.components, sort_keys=True))


def store_run_failure(number: int, source: str, error: str, due: float) -> None:
    """Store a failed attempt for a single run; its facts stay."""
    failures = getattr(RunRecord, f"{source}_failures") + 1
    RunRecord.update(**{f"{source}_failures": failures, f"{source}_due": due}).where(RunRecord.run == number).execute()
    _change(number, {f"{source}_error": error})


def _change(number: int, values: Mapping[str, Any]) -> None:
    with proxy.atomic():
        old = RunRecord.get(RunRecord.run == number)
        if any(getattr(old, name) != value for name, value in values.items()):
            RunRecord.update(**values, version=advance(COUNTER)).where(RunRecord.run == number).execute()


def make_due(first: int, last: int) -> int:
    """Let the facts of the enrolled runs from first to last be fetched again now, also of settled ones; returns their number."""
    now = time.time()
    return int(RunRecord.update(oms_due=now, rr_due=now).where(RunRecord.run.between(first, last)).execute())


def source_state(source: str) -> SourceState:
    """The state of a source; a row that is not stored if it was never tried."""
    found: SourceState | None = SourceState.get_or_none(SourceState.name == source)
    return found or SourceState(name=source)


def record_source_ok(source: str) -> None:
    """A source gave a usable answer."""
    ok = {"ok_at": time.time(), "failures": 0, "failing_since": None, "retry_at": 0.0, "error": ""}
    SourceState.insert(name=source, **ok).on_conflict(conflict_target=[SourceState.name], update=ok).execute()


def record_source_failure(source: str, error: str, retry_at: float) -> None:
    """A source failed; it is tried again at a time."""
    old = source_state(source)
    values = {
        "failures": old.failures + 1,
        "failing_since": old.failing_since or time.time(),
        "retry_at": retry_at,
        "error": error,
    }
    SourceState.insert(name=source, **values).on_conflict(conflict_target=[SourceState.name], update=values).execute()


def counts(source: str) -> dict[str, int]:
    """Number of runs by their state in a source, with 0 for the states without any."""
    state = getattr(RunRecord, f"{source}_state")
    found = dict(rows(RunRecord.select(state, fn.COUNT(RunRecord.run)).group_by(state)))
    return {name: found.get(name, 0) for name in STATES}


def due_count(source: str) -> int:
    """Number of the runs that are due in a source."""
    return int(RunRecord.select().where(_is_due(source)).count())
