"""Tables of the facts of runs. Times are Unix s UTC; units are those of `app.runs.units`."""

from __future__ import annotations

import json
from typing import Any, NamedTuple

from peewee import BigIntegerField, BooleanField, CompositeKey, DoubleField, IntegerField, TextField

from app.core.database import Table

COUNTER = "runs"
"""Name of the version counter of the facts, see app.core.counters."""

OMS, RUN_REGISTRY = SOURCES = ("oms", "rr")
"""Where facts come from; also the prefixes of columns."""

NOT_FETCHED, KNOWN, UNKNOWN = STATES = ("", "known", "unknown")
"""States of a run in a source: not fetched yet, known to it, not known to it."""


class RunRecord(Table):
    """What OMS and the Run Registry have of a run. A column is null when its source has no value.

    Attributes:
        run: Run number.
        enrolled: When the run was first wanted here.
        oms_state, rr_state: One of STATES.
        oms_at, rr_at: Time of the last answer of the source; null before the first.
        oms_due, rr_due: When it is fetched next; null: never again.
        oms_failures, rr_failures: Failed attempts for this run in a row.
        oms_error, rr_error: Reason of the last failed attempt; "" after a successful one.
        start, end: Of the run; `end` is null while it goes on.
        duration: s. delivered_lumi, recorded_lumi: /pb. end_lumi: 1e34 cm⁻² s⁻¹. b_field: T. energy: GeV of a beam.
        l1_rate, hlt_physics_rate: Hz.
        units: JSON object with the unit of each of these that OMS sent in a unit which is not known.
        dcs_lumis: Lumisections whose DCS bits pass the filter; null before they were counted.
        run_class: Class in the Run Registry, such as Collisions23.
        rr_significant: Whether the Run Registry holds it as significant.
        rr_run_state: OPEN, SIGNOFF or COMPLETED.
        components: JSON object of the online dataset: component to the number of lumisections in each state.
        version: Value of the version counter at its last change.
    """

    run = IntegerField(primary_key=True)
    enrolled = DoubleField()
    oms_state = TextField(default=NOT_FETCHED)
    oms_at = DoubleField(null=True)
    oms_due = DoubleField(null=True)
    oms_failures = IntegerField(default=0)
    oms_error = TextField(default="")
    start = DoubleField(null=True)
    end = DoubleField(null=True)
    fill = IntegerField(null=True)
    fill_type = TextField(null=True)
    stable_beam = BooleanField(null=True)
    injection_scheme = TextField(null=True)
    era = TextField(null=True)
    duration = DoubleField(null=True)
    delivered_lumi = DoubleField(null=True)
    recorded_lumi = DoubleField(null=True)
    end_lumi = DoubleField(null=True)
    b_field = DoubleField(null=True)
    energy = DoubleField(null=True)
    l1_rate = DoubleField(null=True)
    hlt_physics_rate = DoubleField(null=True)
    l1_key = TextField(null=True)
    hlt_key = TextField(null=True)
    last_lumi = IntegerField(null=True)
    units = TextField(default="{}")
    dcs_lumis = IntegerField(null=True)
    rr_state = TextField(default=NOT_FETCHED)
    rr_at = DoubleField(null=True)
    rr_due = DoubleField(null=True)
    rr_failures = IntegerField(default=0)
    rr_error = TextField(default="")
    run_class = TextField(null=True)
    rr_significant = BooleanField(null=True)
    rr_run_state = TextField(null=True)
    components = TextField(default="{}")
    version = BigIntegerField(default=0)

    class Meta:
        """Options of peewee."""

        table_name = "run_facts"
        indexes = ((("oms_due",), False), (("rr_due",), False))

    @property
    def unknown_units(self) -> dict[str, str]:
        """Unit by column, of the columns whose unit is not the usual one."""
        return unit_mapping(self.units)

    @property
    def component_states(self) -> dict[str, dict[str, int]]:
        """Lumisections by component and state."""
        found: dict[str, dict[str, int]] = json.loads(self.components)
        return found

    def source_column(self, source: str, name: str) -> Any:
        """The value of a column of a source, as `oms_at` of "oms" and "at"."""
        return getattr(self, f"{source}_{name}")


class RunFactsRow(NamedTuple):
    """The facts of a run without the bookkeeping, for queries of many runs. The fields are the columns of `RunRecord`."""

    run: int
    oms_state: str
    start: float | None
    end: float | None
    fill: int | None
    duration: float | None
    delivered_lumi: float | None
    recorded_lumi: float | None
    end_lumi: float | None
    b_field: float | None
    energy: float | None
    l1_rate: float | None
    hlt_physics_rate: float | None
    l1_key: str | None
    hlt_key: str | None
    stable_beam: bool | None
    injection_scheme: str | None
    era: str | None
    dcs_lumis: int | None
    units: str
    rr_state: str
    run_class: str | None
    rr_significant: bool | None
    version: int

    @property
    def unknown_units(self) -> dict[str, str]:
        """Unit by column, of the columns whose unit is not the usual one."""
        return unit_mapping(self.units)


def unit_mapping(text: str) -> dict[str, str]:
    """The column `units` as a mapping."""
    found: dict[str, str] = json.loads(text) if text != "{}" else {}
    return found


class RunDataset(Table):
    """A dataset of a run in the Run Registry."""

    run = IntegerField()
    name = TextField()
    states = TextField()  # JSON object: state by workspace
    components = TextField()  # JSON object: component to the number of lumisections in each state
    ranges = TextField(null=True)  # JSON object: component to lists of ComponentRange; null before they were fetched
    error = TextField(default="")  # why its ranges could not be fetched

    class Meta:
        """Options of peewee."""

        table_name = "run_facts_dataset"
        primary_key = CompositeKey("run", "name")


class SourceState(Table):
    """The state of a source: whether it responds, and when it is tried again."""

    name = TextField(primary_key=True)  # one of SOURCES
    ok_at = DoubleField(null=True)  # last usable answer
    failures = IntegerField(default=0)  # failed attempts in a row
    failing_since = DoubleField(null=True)
    retry_at = DoubleField(default=0.0)  # no request before
    error = TextField(default="")  # of the last failed attempt; "" after a successful one

    class Meta:
        """Options of peewee."""

        table_name = "run_facts_source"
